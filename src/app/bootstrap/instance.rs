//! This process among others that run the same contexts on the same databases.

use std::sync::Arc;

use super::settings::Timers;
use super::storage::Storage;
use super::wiring::Shop;
use super::workers::{Job, Next};
use crate::app::shared::tenure::{Moved, Tenure};
use crate::ports::shared::clock::Clock;

/// What is known of this process by the leases that it takes.
pub struct Instance {
    owner: Arc<str>,
    lease_ms: i64,
    clock: Arc<dyn Clock>,
}

impl Instance {
    /// One that has not been before: what a process left behind that was killed is not its own.
    pub fn new(shop: &Shop, timers: &Timers) -> Self {
        Self {
            owner: shop.ids.next_uuid().to_string().into(),
            lease_ms: timers.lease_ms,
            clock: Arc::clone(&shop.clock),
        }
    }

    /// A job of which one instance takes the turns, by a lease in the database of `home`.
    pub fn alone(&self, home: &Storage, job: Job) -> Job {
        self.alone_telling(home, job, Box::new(|_here| {}))
    }

    /// As [`Self::alone`]; `moved` is told where the turns are taken, as soon as that is known to be here.
    pub fn alone_telling(&self, home: &Storage, job: Job, moved: Moved) -> Job {
        let Some(mut tenure) = self.tenure(home, job.name) else {
            return job;
        };
        moved(false);
        tenure = tenure.telling(moved);
        let mut turn = job.turn;
        Job {
            // Whoever has the lease is at it: there is no hurry.
            turn: Box::new(move || tenure.turn(&mut turn).unwrap_or(Next::Later)),
            ..job
        }
    }

    /// The lease `name` in the database of `home`; `None` for a file, where nobody else is.
    pub fn tenure(&self, home: &Storage, name: &'static str) -> Option<Tenure> {
        let leases = Arc::clone(home.leases.as_ref()?);
        let owner = Arc::clone(&self.owner);
        Some(Tenure::new(name, owner, self.lease_ms, leases, Arc::clone(&self.clock)))
    }
}
