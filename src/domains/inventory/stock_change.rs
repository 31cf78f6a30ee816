//! How staff change stock.

/// A change of stock by staff, within the bounds of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockChange {
    kind: ChangeKind,
    quantity: i64,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Pieces arrived.
    Receive,
    /// The books are corrected by some pieces more or fewer.
    Adjust,
    /// The pieces were counted.
    Recount,
}

/// A number that makes no sense for the kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// What arrives is at least one piece.
    #[error("must be a whole number from 1 to {}", StockChange::QUANTITY_MAX)]
    NothingReceived,
    /// A correction corrects something.
    #[error("must be a whole number from -{max} to {max}, and not 0", max = StockChange::QUANTITY_MAX)]
    NothingAdjusted,
    /// One cannot count fewer than none.
    #[error("must be a whole number from 0 to {}", StockChange::QUANTITY_MAX)]
    CountedLessThanNone,
}

impl StockChange {
    /// The most pieces of one change: a billion. Far above any delivery, and so far below the range of the numbers that
    /// no ledger overflows.
    pub const QUANTITY_MAX: i64 = 1_000_000_000;

    /// A change of `quantity` pieces (recount: to `quantity` pieces).
    ///
    /// # Errors
    /// [`InvalidChange`] when the number makes no sense for the kind.
    pub fn new(kind: ChangeKind, quantity: i64) -> Result<Self, InvalidChange> {
        let (allowed, error) = match kind {
            ChangeKind::Receive => (
                (1..=Self::QUANTITY_MAX).contains(&quantity),
                InvalidChange::NothingReceived,
            ),
            ChangeKind::Adjust => {
                let in_range = (-Self::QUANTITY_MAX..=Self::QUANTITY_MAX).contains(&quantity);
                (in_range && quantity != 0, InvalidChange::NothingAdjusted)
            }
            ChangeKind::Recount => (
                (0..=Self::QUANTITY_MAX).contains(&quantity),
                InvalidChange::CountedLessThanNone,
            ),
        };
        if allowed {
            Ok(Self { kind, quantity })
        } else {
            Err(error)
        }
    }

    /// Its kind.
    pub fn kind(self) -> ChangeKind {
        self.kind
    }

    /// Pieces that come (positive) or go (negative) where `on_hand` pieces were on the books. A recount that finds what
    /// the books say makes a difference of zero; the ledger keeps it as the proof that somebody counted.
    pub fn difference(self, on_hand: i64) -> i64 {
        match self.kind {
            ChangeKind::Receive | ChangeKind::Adjust => self.quantity,
            ChangeKind::Recount => self.quantity.saturating_sub(on_hand),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: i64 = StockChange::QUANTITY_MAX;

    #[test]
    fn each_kind_of_change_has_its_range() {
        let (receive, adjust, recount) = (ChangeKind::Receive, ChangeKind::Adjust, ChangeKind::Recount);
        for (kind, quantity) in [
            (receive, 1),
            (receive, MAX),
            (adjust, -MAX),
            (adjust, MAX),
            (recount, 0),
            (recount, MAX),
        ] {
            assert!(StockChange::new(kind, quantity).is_ok(), "{kind:?} {quantity}");
        }
        for quantity in [i64::MIN, -1, 0, MAX + 1, i64::MAX] {
            assert_eq!(StockChange::new(receive, quantity), Err(InvalidChange::NothingReceived));
        }
        for quantity in [i64::MIN, -MAX - 1, 0, MAX + 1] {
            assert_eq!(StockChange::new(adjust, quantity), Err(InvalidChange::NothingAdjusted));
        }
        for quantity in [i64::MIN, -1, MAX + 1] {
            assert_eq!(
                StockChange::new(recount, quantity),
                Err(InvalidChange::CountedLessThanNone)
            );
        }
    }

    #[test]
    fn a_recount_makes_the_difference_to_the_books() {
        let recount = StockChange::new(ChangeKind::Recount, 7).unwrap();
        assert_eq!(
            [recount.difference(10), recount.difference(7), recount.difference(0)],
            [-3, 0, 7]
        );
        assert_eq!(StockChange::new(ChangeKind::Adjust, -2).unwrap().difference(10), -2);
    }
}
