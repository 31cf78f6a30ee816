//! Leases: the right of one process to be at something, for a while, so that of several which could only one is.

use super::storage::StorageError;
use crate::domains::shared::timestamp::Timestamp;

/// A lease that ends later than so many times the one that is asked for was written by a clock that has jumped: nobody
/// who has a lease is so far ahead.
const BELIEVED_TIMES: i64 = 2;

/// The right of one process to work at something, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
}

impl Lease {
    /// Whether this one does not stand in the way of `wish` at `now`: it is of the same owner, has run out, or ends so late
    /// that only a clock which has jumped can have written it. So a dead owner's lease holds others up for twice the
    /// time of a lease at most, whatever its clock said.
    pub fn gives_way_to(&self, wish: &Self, now: Timestamp) -> bool {
        let left_ms = self.until.ms_since(now);
        let wished_ms = wish.until.ms_since(now);
        self.owner == wish.owner || left_ms <= 0 || left_ms > BELIEVED_TIMES * wished_ms
    }
}

/// Keeps who has the lease of what. Each name has one row: there cannot be two owners.
pub trait LeaseStore: Send + Sync {
    /// Takes or renews the lease `name`, where the present one gives way ([`Lease::gives_way_to`]). Of several that try
    /// at once one MUST get it. Whether it is now the one that was wished for.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`]; [`StorageError::OutcomeUnknown`].
    fn take_lease(&self, name: &str, wish: &Lease, now: Timestamp) -> Result<bool, StorageError>;

    /// Gives the lease `name` back, where it is of `owner`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`]; [`StorageError::OutcomeUnknown`].
    fn release_lease(&self, name: &str, owner: &str) -> Result<(), StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(owner: &str, until: i64) -> Lease {
        Lease {
            owner: owner.to_owned(),
            until: at(until),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_lease_stands_until_it_runs_out() {
        let wish = lease("b", 10);
        assert!(!lease("a", 1).gives_way_to(&wish, at(0)));
        assert!(lease("a", 0).gives_way_to(&wish, at(0)));
        assert!(lease("b", 1).gives_way_to(&wish, at(0)), "it is renewed");
    }

    #[test]
    fn a_lease_of_a_clock_that_has_jumped_is_not_believed() {
        let wish = lease("b", 10);
        assert!(!lease("a", 20).gives_way_to(&wish, at(0)));
        assert!(lease("a", 21).gives_way_to(&wish, at(0)));
        // A day ahead, and then dead.
        assert!(lease("a", 86_400).gives_way_to(&wish, at(0)));
    }
}
