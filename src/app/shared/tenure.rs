//! Has one of several processes do a piece of work: a turn begins only with the lease.

use std::sync::Arc;

use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::clock::Clock;
use crate::ports::shared::lease::{Lease, LeaseStore};

/// Called when the work comes to this process (`true`) and when it goes to another or nobody knows (`false`).
pub type Moved = Box<dyn Fn(bool) + Send>;

/// The lease of one worker of this process, taken when its turn comes and nobody else has it.
///
/// It is renewed when half of it is gone, so a busy worker writes it seldom, and a turn begins with half of it left at
/// least. A turn that takes longer than that, or clocks that jump, can let another process begin beside it for a while:
/// then work is done twice for half a lease at most, and what makes each effect happen once stays what it is (positions,
/// leases of sagas, states). Given back when dropped; a process that is killed leaves it to run out.
pub struct Tenure {
    name: &'static str,
    owner: Arc<str>,
    lease_ms: i64,
    leases: Arc<dyn LeaseStore>,
    clock: Arc<dyn Clock>,
    moved: Moved,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not asked yet.
    Unknown,
    /// Ours, and since when.
    Ours(Timestamp),
    /// Another process has it.
    Elsewhere,
    /// The database that knows is away.
    Away,
}

impl Tenure {
    /// The lease `name` in `leases`, for `owner`, of `lease_ms` milliseconds.
    pub fn new(
        name: &'static str,
        owner: Arc<str>,
        lease_ms: i64,
        leases: Arc<dyn LeaseStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            name,
            owner,
            lease_ms,
            leases,
            clock,
            moved: Box::new(|_here| {}),
            state: State::Unknown,
        }
    }

    /// Also tells `moved`.
    #[must_use]
    pub fn telling(mut self, moved: Moved) -> Self {
        self.moved = moved;
        self
    }

    /// Does `work` where the lease is ours or can be had; else `None`.
    pub fn turn<T>(&mut self, work: impl FnOnce() -> T) -> Option<T> {
        if !self.hold() {
            return None;
        }
        let done = work();
        if self.has_run_out() {
            tracing::warn!(worker = self.name, "a turn took longer than its lease");
        }
        Some(done)
    }

    fn hold(&mut self) -> bool {
        let now = self.clock.now();
        if let State::Ours(since) = self.state {
            // Before it was taken is a clock that has jumped: what the row says is not true any more.
            let held_ms = now.ms_since(since);
            if (0..self.lease_ms / 2).contains(&held_ms) {
                return true;
            }
        }
        let wish = Lease {
            owner: self.owner.as_ref().to_owned(),
            until: now.plus_ms(self.lease_ms),
        };
        self.change(match self.leases.take_lease(self.name, &wish, now) {
            Ok(true) => State::Ours(now),
            Ok(false) => State::Elsewhere,
            Err(error) => {
                tracing::warn!(
                    worker = self.name,
                    error = error.with_sources(),
                    "cannot take its lease now"
                );
                State::Away
            }
        })
    }

    /// Whether it is ours now.
    fn change(&mut self, to: State) -> bool {
        let was_ours = matches!(self.state, State::Ours(_));
        let is_ours = matches!(to, State::Ours(_));
        if was_ours != is_ours {
            tracing::info!(worker = self.name, here = is_ours, "its work has moved");
            (self.moved)(is_ours);
        }
        self.state = to;
        is_ours
    }

    fn has_run_out(&self) -> bool {
        matches!(self.state, State::Ours(since) if self.clock.now().ms_since(since) >= self.lease_ms)
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        if !matches!(self.state, State::Ours(_)) {
            return;
        }
        if let Err(error) = self.leases.release_lease(self.name, &self.owner) {
            tracing::warn!(
                worker = self.name,
                error = error.with_sources(),
                "its lease is left to run out"
            );
        }
    }
}
