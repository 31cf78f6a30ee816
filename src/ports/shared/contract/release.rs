//! Whether this version and the one released before it can work side by side, as they do while an upgrade rolls through
//! the processes: each may call the other, and each may read the other's events.

use std::fmt;

use super::compatibility::Incompatibility;
use super::{Contract, Refusals};

/// Who does not understand whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// A caller of the released version asks a process of this one.
    OldCallerNewServer,
    /// A caller of this version asks a process of the released one.
    NewCallerOldServer,
    /// A consumer of this version reads what the released one has told: also all that lies in the logs.
    OldLogNewConsumer,
    /// A consumer of the released version reads what this one tells.
    NewLogOldConsumer,
}

impl Direction {
    const fn spoken(self) -> &'static str {
        match self {
            Self::OldCallerNewServer => "old caller, new server",
            Self::NewCallerOldServer => "new caller, old server",
            Self::OldLogNewConsumer => "old log, new consumer",
            Self::NewLogOldConsumer => "new log, old consumer",
        }
    }
}

/// A place where one version does not understand the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Name of the operation or type of the event.
    pub message: String,
    /// Who does not understand whom.
    pub direction: Direction,
    /// Where, and why.
    pub incompatibility: Incompatibility,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            direction,
            incompatibility,
        } = self;
        write!(f, "{message} ({}): {incompatibility}", direction.spoken())
    }
}

/// What `current` breaks for those who still run, or still keep the events of, `released`. Empty: nothing.
pub fn breaches(released: &Contract, current: &Contract) -> Vec<Breach> {
    // What is new is no breach: nobody of the released version asks for it, and a new caller is refused it for as long
    // as it meets an old server.
    let mut new_caller = current.refusals_of(released);
    new_caller.retain(|name, _| released.operations.contains_key(name));
    let mut old_consumer = released.event_refusals_of(current);
    for event_type in released
        .events
        .keys()
        .filter(|known| !current.events.contains_key(*known))
    {
        let reason = Incompatibility::new("", "is not told any more, and consumers wait for it");
        old_consumer.entry(event_type.clone()).or_default().push(reason);
    }
    [
        (Direction::OldCallerNewServer, released.refusals_of(current)),
        (Direction::NewCallerOldServer, new_caller),
        (Direction::OldLogNewConsumer, current.event_refusals_of(released)),
        (Direction::NewLogOldConsumer, old_consumer),
    ]
    .into_iter()
    .flat_map(|(direction, refusals)| breaches_in(direction, refusals))
    .collect()
}

fn breaches_in(direction: Direction, refusals: Refusals) -> impl Iterator<Item = Breach> {
    refusals.into_iter().flat_map(move |(message, found)| {
        found.into_iter().map(move |incompatibility| Breach {
            message: message.clone(),
            direction,
            incompatibility,
        })
    })
}
