//! The real clock and the real source of ids. Nothing else in the program reads either.

use uuid::Uuid;

use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::clock::{Clock, IdSource};

/// The clock of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::from_utc(chrono::Utc::now())
    }
}

/// Ids of the time and of randomness of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the source that everybody else asks")]
    fn next_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
