//! Time and identity come from outside, so that a test can hold them.

use uuid::Uuid;

use crate::domains::shared::timestamp::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC, to the microsecond. May jump: durations are measured otherwise.
    fn now(&self) -> Timestamp;
}

/// Makes ids.
pub trait IdSource: Send + Sync {
    /// A fresh `UUIDv7` (RFC 9562). MUST be unique, and SHOULD sort by the time of its making.
    fn next_uuid(&self) -> Uuid;
}

impl dyn IdSource + '_ {
    /// A fresh id of the kind that is asked for.
    pub fn make<Id: From<Uuid>>(&self) -> Id {
        Id::from(self.next_uuid())
    }
}
