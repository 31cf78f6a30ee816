//! The arithmetic of money that is held, taken and given back: refunds <= captured <= authorized.

use crate::domains::shared::money::Money;

/// A broken rule: more was to be taken than is held, or in another currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{captured} cannot be captured of {authorized} that is authorized")]
pub struct CaptureExceedsAuthorized {
    /// What was to be taken.
    pub captured: Money,
    /// What is held.
    pub authorized: Money,
}

/// Rule: what is captured never exceeds what is authorized.
///
/// # Errors
/// [`CaptureExceedsAuthorized`], also where the currencies differ.
pub fn captured_within_authorized(captured: Money, authorized: Money) -> Result<(), CaptureExceedsAuthorized> {
    match captured.exceeds(authorized) {
        Ok(false) => Ok(()),
        Ok(true) | Err(_) => Err(CaptureExceedsAuthorized { captured, authorized }),
    }
}

/// Why an amount cannot go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundAmountRefused {
    /// Nothing, or less.
    #[error("must be more than zero")]
    NotPositive,
    /// In another currency than what was taken.
    #[error("must be in {}, the currency of the payment", .refundable.currency())]
    OtherCurrency {
        /// What is left.
        refundable: Money,
    },
    /// More than is left of what was taken.
    #[error("must not exceed {refundable}, what is left of the payment")]
    ExceedsCaptured {
        /// What is left.
        refundable: Money,
    },
}

/// Rule: refunds, those under way included, never exceed what was captured. `refundable` is what is left of it.
///
/// # Errors
/// [`RefundAmountRefused`].
pub fn refund_within_captured(amount: Money, refundable: Money) -> Result<(), RefundAmountRefused> {
    if !amount.is_positive() {
        return Err(RefundAmountRefused::NotPositive);
    }
    match amount.exceeds(refundable) {
        Ok(false) => Ok(()),
        Ok(true) => Err(RefundAmountRefused::ExceedsCaptured { refundable }),
        Err(_other_currency) => Err(RefundAmountRefused::OtherCurrency { refundable }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::shared::money::Currency;

    fn eur(minor: i64) -> Money {
        Money::of(minor, Currency::EUR)
    }

    #[test]
    fn no_more_is_captured_than_is_authorized() {
        assert_eq!(captured_within_authorized(eur(100), eur(100)), Ok(()));
        assert!(captured_within_authorized(eur(101), eur(100)).is_err());
        assert!(captured_within_authorized(Money::of(1, "JPY".parse().unwrap()), eur(100)).is_err());
    }

    #[test]
    fn no_more_is_refunded_than_is_left_of_the_captured() {
        let refundable = eur(40);
        assert_eq!(refund_within_captured(eur(40), refundable), Ok(()));
        assert_eq!(
            refund_within_captured(eur(0), refundable),
            Err(RefundAmountRefused::NotPositive)
        );
        assert_eq!(
            refund_within_captured(eur(-1), refundable),
            Err(RefundAmountRefused::NotPositive)
        );
        assert_eq!(
            refund_within_captured(eur(41), refundable),
            Err(RefundAmountRefused::ExceedsCaptured { refundable })
        );
        let dollars = Money::of(1, "USD".parse().unwrap());
        assert_eq!(
            refund_within_captured(dollars, refundable),
            Err(RefundAmountRefused::OtherCurrency { refundable })
        );
    }
}
