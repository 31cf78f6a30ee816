//! What becomes of a basket: how it is paid, and what its customer and the shop's staff think of afterwards.

use crate::choice::{Token, draw};

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paying {
    AtOnce(Token),
    /// Placed without a payment and paid afterwards, perhaps not with the first card.
    Later {
        first: Token,
    },
    /// Placed without a payment, and called off instead.
    Never,
}

/// What happens to an order that is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    Cancel,
    Refund(&'static [Part]),
    RefundThenCancel(Part),
    /// Staff gives a part back at the very moment at which the customer cancels.
    RefundWhileCancelling(Part),
}

/// How much of a payment goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Quarter,
    /// All that is left.
    Rest,
}

impl Part {
    /// In minor units; nothing where the shop is to say how much is left.
    pub fn of(self, total_minor: i64) -> Option<i64> {
        match self {
            Self::Quarter => Some((total_minor / 4).max(1)),
            Self::Rest => None,
        }
    }
}

/// The same seed and basket number give the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub paying: Paying,
    pub then: Then,
}

impl Plan {
    pub fn of(seed: u64, basket_number: u64) -> Self {
        let draw = draw(seed, basket_number);
        let paying = match draw % 100 {
            0..60 => Paying::AtOnce(Token::Visa),
            60..67 => Paying::AtOnce(Token::Declined),
            67..85 => Paying::Later { first: Token::Visa },
            85..92 => Paying::Later { first: Token::Declined },
            _ => Paying::Never,
        };
        let then = match draw / 100 % 100 {
            0..40 => Then::Nothing,
            40..60 => Then::Cancel,
            60..70 => Then::Refund(&[Part::Quarter]),
            70..76 => Then::Refund(&[Part::Rest]),
            76..84 => Then::Refund(&[Part::Quarter, Part::Quarter, Part::Rest]),
            84..92 => Then::RefundThenCancel(Part::Quarter),
            _ => Then::RefundWhileCancelling(Part::Quarter),
        };
        Self { paying, then }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn two_hundred_baskets_meet_everything_that_there_is() {
        let plans: Vec<Plan> = (1..=200).map(|number| Plan::of(7, number)).collect();
        let paying: BTreeSet<String> = plans.iter().map(|plan| format!("{:?}", plan.paying)).collect();
        let then: BTreeSet<String> = plans.iter().map(|plan| format!("{:?}", plan.then)).collect();
        assert_eq!((paying.len(), then.len()), (5, 7));
    }

    #[test]
    fn a_part_is_never_nothing_and_the_rest_is_for_the_shop_to_say() {
        assert_eq!(Part::Quarter.of(1), Some(1));
        assert_eq!(Part::Quarter.of(403), Some(100));
        assert_eq!(Part::Rest.of(403), None);
    }
}
