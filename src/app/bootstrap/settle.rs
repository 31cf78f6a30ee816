//! A living shop moves while it is read: what looks wrong at first may only have been read at two moments.

use std::thread::sleep;
use std::time::Duration;

/// Suspects that are looked at again together. Enough for every order that can be on its way between two pages.
pub(super) const SUSPECTS_AT_ONCE: usize = 1_000;

/// How often, and how far apart, something that looks wrong is read again before it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often.
    pub rounds: u32,
    /// How long to wait before each time.
    pub pause: Duration,
}

impl Default for Patience {
    /// Five seconds in all: longer than a checkout takes.
    fn default() -> Self {
        Self {
            rounds: 5,
            pause: Duration::from_secs(1),
        }
    }
}

/// How a check goes on.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// How often what looks wrong is read again.
    pub patience: Patience,
    /// Asked before every page and every wait: a check that may not go on ends with what it has found so far.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
}

/// A check was not to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Course<'_> {
    /// To its end, however long that takes.
    pub fn whole(patience: Patience) -> Self {
        Self {
            patience,
            goes_on: &|| true,
        }
    }

    /// Waits before something is read again.
    pub(super) fn pause(&self) -> Result<(), Stopped> {
        self.check()?;
        sleep(self.patience.pause);
        self.check()
    }

    pub(super) fn check(&self) -> Result<(), Stopped> {
        if (self.goes_on)() { Ok(()) } else { Err(Stopped) }
    }
}

/// Looks at each suspect again until it looks right or patience ends. Returns what is still wrong then, as it was seen
/// last.
pub(super) fn settle<S, Wrong, E: From<Stopped>>(
    suspects: Vec<S>,
    course: Course<'_>,
    look_again: impl Fn(&S) -> Result<Vec<Wrong>, E>,
) -> Result<Vec<Wrong>, E> {
    let mut left: Vec<(S, Vec<Wrong>)> = suspects.into_iter().map(|suspect| (suspect, Vec::new())).collect();
    // Once at least: a suspect is only known to have looked wrong at some time.
    for _round in 0..course.patience.rounds.max(1) {
        if left.is_empty() {
            break;
        }
        course.pause()?;
        let mut still_wrong = Vec::new();
        for (suspect, _before) in left {
            let wrong = look_again(&suspect)?;
            if !wrong.is_empty() {
                still_wrong.push((suspect, wrong));
            }
        }
        left = still_wrong;
    }
    Ok(left.into_iter().flat_map(|(_suspect, wrong)| wrong).collect())
}
