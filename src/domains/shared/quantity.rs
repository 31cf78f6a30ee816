//! A number of pieces.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A number of pieces to buy, to reserve or to move: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[schemars(with = "i64", extend("minimum" = 1, "maximum" = Self::MAX))]
pub struct Quantity(u32);

/// A number that is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Quantity::MAX)]
pub struct InvalidQuantity;

impl Quantity {
    /// The largest quantity: a million pieces, far above a line of any order and far below where sums could overflow.
    pub const MAX: u32 = 1_000_000;

    /// A quantity from 1 to [`Self::MAX`].
    ///
    /// # Errors
    /// [`InvalidQuantity`] outside that range.
    pub fn new(pieces: i64) -> Result<Self, InvalidQuantity> {
        match u32::try_from(pieces) {
            Ok(pieces @ 1..=Self::MAX) => Ok(Self(pieces)),
            _ => Err(InvalidQuantity),
        }
    }

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The sum of two quantities.
    ///
    /// # Errors
    /// [`InvalidQuantity`] above [`Self::MAX`].
    pub fn plus(self, other: Self) -> Result<Self, InvalidQuantity> {
        Self::new(i64::from(self.0) + i64::from(other.0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_at_least_one_and_at_most_a_million() {
        for pieces in [i64::MIN, -1, 0, 1_000_001, 1 << 31, i64::MAX] {
            assert_eq!(Quantity::new(pieces), Err(InvalidQuantity), "{pieces}");
        }
        assert_eq!(Quantity::new(1_000_000).map(Quantity::get), Ok(1_000_000));
    }
}
