//! How much there is of a product at a location.

use super::location::Location;
use super::stock_change::StockChange;
use crate::domains::shared::ids::ProductId;

/// How much there is of a product at a location: `0 <= reserved <= on_hand`, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLevel {
    product_id: ProductId,
    location: Location,
    on_hand: i64,
    reserved: i64,
    version: i64,
}

/// Why a level cannot become what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelRefusal {
    /// Fewer pieces would be on hand than are promised.
    #[error("only {available} pieces can be taken; the others are reserved")]
    BelowReserved {
        /// Pieces that can still be taken.
        available: i64,
    },
    /// More pieces would be on hand than a level holds.
    #[error("a level holds at most {} pieces", StockLevel::ON_HAND_MAX)]
    Overfull,
}

/// What a change of state of a reservation does to the level of each of its lines, for each piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelEffect {
    /// Pieces on hand that come or go.
    pub on_hand: i64,
    /// Pieces promised or no longer promised.
    pub reserved: i64,
}

impl LevelEffect {
    /// A new reservation promises pieces.
    pub const HOLD: Self = Self {
        on_hand: 0,
        reserved: 1,
    };
    /// They are sold: gone, and no longer promised.
    pub const SELL: Self = Self {
        on_hand: -1,
        reserved: -1,
    };
    /// They are no longer promised.
    pub const LET_GO: Self = Self {
        on_hand: 0,
        reserved: -1,
    };
    /// They came back.
    pub const TAKE_BACK: Self = Self {
        on_hand: 1,
        reserved: 0,
    };
}

impl StockLevel {
    /// The most pieces that staff can bring a level to: a million millions. Whole numbers of that size survive every
    /// client's JSON parser, and sums of many of them the range of the numbers here.
    pub const ON_HAND_MAX: i64 = 1_000_000_000_000;

    /// The level of a product that never was at a location.
    pub fn empty(product_id: ProductId, location: Location) -> Self {
        Self {
            product_id,
            location,
            on_hand: 0,
            reserved: 0,
            version: 0,
        }
    }

    /// From storage, which guards `0 <= reserved <= on_hand` itself.
    pub fn from_storage(product_id: ProductId, location: Location, on_hand: i64, reserved: i64, version: i64) -> Self {
        Self {
            product_id,
            location,
            on_hand,
            reserved,
            version,
        }
    }

    /// The level after a change by staff.
    ///
    /// # Errors
    /// [`LevelRefusal::BelowReserved`] when pieces that are promised would be missing, [`LevelRefusal::Overfull`] above
    /// [`Self::ON_HAND_MAX`].
    pub fn changed(&self, change: StockChange) -> Result<Self, LevelRefusal> {
        let on_hand = self.on_hand.saturating_add(change.difference(self.on_hand));
        if on_hand < self.reserved {
            return Err(LevelRefusal::BelowReserved {
                available: self.available(),
            });
        }
        if on_hand > Self::ON_HAND_MAX && on_hand > self.on_hand {
            return Err(LevelRefusal::Overfull);
        }
        Ok(Self {
            on_hand,
            version: self.version.saturating_add(1),
            ..self.clone()
        })
    }

    /// The level after a reservation of `quantity` pieces changed its state; `None` when there are not that many.
    pub fn affected(&self, effect: LevelEffect, quantity: i64) -> Option<Self> {
        let on_hand = self.on_hand.checked_add(effect.on_hand.checked_mul(quantity)?)?;
        let reserved = self.reserved.checked_add(effect.reserved.checked_mul(quantity)?)?;
        let version = self.version.saturating_add(1);
        (0 <= reserved && reserved <= on_hand).then(|| Self {
            on_hand,
            reserved,
            version,
            ..self.clone()
        })
    }

    /// Of what.
    pub fn product_id(&self) -> ProductId {
        self.product_id
    }

    /// Where.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Pieces that are there.
    pub fn on_hand(&self) -> i64 {
        self.on_hand
    }

    /// Pieces of these that are promised to somebody.
    pub fn reserved(&self) -> i64 {
        self.reserved
    }

    /// Pieces that can still be sold.
    pub fn available(&self) -> i64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    /// Counts the changes.
    pub fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::inventory::stock_change::ChangeKind;
    use uuid::Uuid;

    fn level(on_hand: i64, reserved: i64) -> StockLevel {
        let product = ProductId::from(Uuid::from_u128(1));
        StockLevel::from_storage(product, Location::new("main").unwrap(), on_hand, reserved, 5)
    }

    fn change(kind: ChangeKind, quantity: i64) -> StockChange {
        StockChange::new(kind, quantity).unwrap()
    }

    #[test]
    fn promised_pieces_cannot_be_taken_off_the_books() {
        let refused = Err(LevelRefusal::BelowReserved { available: 6 });
        assert_eq!(level(10, 4).changed(change(ChangeKind::Adjust, -7)), refused);
        assert_eq!(level(10, 4).changed(change(ChangeKind::Recount, 3)), refused);
        let after = level(10, 4).changed(change(ChangeKind::Adjust, -6)).unwrap();
        assert_eq!(
            (after.on_hand(), after.reserved(), after.available(), after.version()),
            (4, 4, 0, 6)
        );
    }

    #[test]
    fn a_level_does_not_overflow() {
        let almost_full = level(StockLevel::ON_HAND_MAX, 0);
        assert_eq!(
            almost_full.changed(change(ChangeKind::Receive, 1)),
            Err(LevelRefusal::Overfull)
        );
        assert!(almost_full.changed(change(ChangeKind::Adjust, -1)).is_ok());
        assert_eq!(
            level(i64::MAX, 0).affected(
                LevelEffect {
                    on_hand: 1,
                    reserved: 0
                },
                1
            ),
            None
        );
    }

    #[test]
    fn a_level_is_affected_only_as_far_as_it_has_pieces() {
        let held = level(10, 4).affected(LevelEffect::HOLD, 6).unwrap();
        assert_eq!((held.on_hand(), held.reserved(), held.version()), (10, 10, 6));
        assert_eq!(level(10, 4).affected(LevelEffect::HOLD, 7), None);
    }
}
