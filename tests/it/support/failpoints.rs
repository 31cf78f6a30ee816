//! Trials: what happens when the program fails at a point.

use banyan::ports::shared::failpoint::{self, Reached};
use fail::FailScenario;

/// A trial on this thread. There is one at a time in a process; tests without one are not touched by it.
pub struct Trial {
    _alone: FailScenario<'static>,
}

#[expect(clippy::unused_self, reason = "only who holds a trial may arm points")]
impl Trial {
    /// Waits until no other trial is under way.
    pub fn begin() -> Self {
        let alone = FailScenario::setup();
        failpoint::begin_trial();
        Self { _alone: alone }
    }

    /// Has a point do something, in the words of the crate `fail`.
    pub fn arm(&self, point: &str, actions: &str) {
        fail::cfg(point, actions).unwrap();
    }

    /// Has it do nothing any more.
    pub fn disarm(&self, point: &str) {
        fail::remove(point);
    }

    /// The points that were reached since this was asked last.
    pub fn trace(&self) -> Vec<Reached> {
        failpoint::take_trace()
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        failpoint::end_trial();
    }
}
