//! What an order costs: the sum of its lines, tax on it, and the parcel.

use crate::domains::shared::money::{Money, MoneyError};

/// The shop's rules for what comes on top of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricingRules {
    /// Tax on the subtotal, in basis points (700 is 7 %); 0 where prices include it.
    pub tax_basis_points: u32,
    /// What a parcel costs, in minor units of the order's currency.
    pub shipping_minor: i64,
}

/// What an order costs, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Sum of the lines.
    pub subtotal: Money,
    /// Tax on the subtotal, rounded half up once: tax of the whole, not of each line, so that no cent gets lost.
    pub tax: Money,
    /// The parcel.
    pub shipping: Money,
    /// All of it: what the provider is asked for.
    pub total: Money,
}

impl PricingRules {
    /// Adds up `lines`; `None` for no lines.
    ///
    /// # Errors
    /// [`MoneyError`] when the lines are in different currencies or the sum does not fit.
    pub fn totals(self, lines: impl IntoIterator<Item = Money>) -> Result<Option<Totals>, MoneyError> {
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        let subtotal = lines.try_fold(first, Money::plus)?;
        let tax = subtotal.share_rounded_half_up(self.tax_basis_points)?;
        let shipping = Money::of(self.shipping_minor, subtotal.currency());
        let total = subtotal.plus(tax)?.plus(shipping)?;
        Ok(Some(Totals {
            subtotal,
            tax,
            shipping,
            total,
        }))
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
    fn subtotal_tax_and_shipping_sum_to_the_total() {
        let rules = PricingRules {
            tax_basis_points: 700,
            shipping_minor: 490,
        };
        let totals = rules.totals([eur(199), eur(350)]).unwrap().unwrap();
        assert_eq!(
            (totals.subtotal, totals.tax, totals.shipping, totals.total),
            (eur(549), eur(38), eur(490), eur(1077))
        );
    }

    #[test]
    fn lines_in_two_currencies_have_no_sum() {
        let rules = PricingRules {
            tax_basis_points: 0,
            shipping_minor: 0,
        };
        let yen = Money::of(5, "JPY".parse().unwrap());
        assert_eq!(rules.totals([eur(5), yen]), Err(MoneyError::CurrencyMismatch));
        assert_eq!(rules.totals([eur(i64::MAX), eur(1)]), Err(MoneyError::Overflow));
        assert_eq!(rules.totals([]), Ok(None));
    }
}
