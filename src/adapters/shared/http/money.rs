//! Money, as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domains::shared::money::{Currency, InvalidCurrency, Money};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoneyBody {
    /// Minor units: 1999 is 19.99 EUR.
    #[schema(example = 1999)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Decimal digits of the minor unit.
    #[schema(example = 2)]
    pub exponent: u16,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self {
            amount: money.minor(),
            currency: money.currency().code().to_owned(),
            exponent: money.currency().exponent(),
        }
    }
}

/// An amount of money in a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyInput {
    /// Minor units, a whole number.
    #[schema(example = 1999)]
    pub amount: i64,
    /// ISO 4217, upper case.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Decimal digits of the minor unit; where given, it must be the currency's.
    pub exponent: Option<u16>,
}

/// Why an amount in a request is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// Unknown currency.
    #[error("currency {0}")]
    Currency(#[from] InvalidCurrency),
    /// Another exponent than the currency's.
    #[error("exponent is not that of the currency")]
    Exponent,
}

impl MoneyInput {
    /// The amount.
    ///
    /// # Errors
    /// [`InvalidMoney`].
    pub fn money(&self) -> Result<Money, InvalidMoney> {
        let currency: Currency = self.currency.parse()?;
        match self.exponent {
            Some(exponent) if exponent != currency.exponent() => Err(InvalidMoney::Exponent),
            _ => Ok(Money::of(self.amount, currency)),
        }
    }
}
