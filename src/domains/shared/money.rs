//! Money: an integer of minor units and a currency. No floating point anywhere on its path.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::quantity::Quantity;

/// A currency of ISO 4217 that has a minor unit (funds codes and metals have none and are refused).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[A-Z]{3}$"))]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The three upper-case letters of ISO 4217.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal digits of the minor unit: 2 for EUR, 0 for JPY, 3 for BHD.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

/// A text that is not the code of a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an ISO 4217 currency code in upper case")]
pub struct InvalidCurrency;

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(code: &str) -> Result<Self, InvalidCurrency> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.code() == code && currency.exponent().is_some())
            .map(Self)
            .ok_or(InvalidCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Why a sum of money cannot be formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit into 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// Sums of different currencies do not add, subtract or compare.
    #[error("the amounts are in different currencies")]
    CurrencyMismatch,
}

/// An amount of money: minor units (cents for EUR) of a currency. May be negative; who needs it positive says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    #[serde(rename = "amount")]
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` units of `currency`: `of(1999, EUR)` is 19.99 EUR.
    pub const fn of(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::of(0, currency)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is greater than zero.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor
            .checked_add(other.minor)
            .map(|minor| Self { minor, ..self })
            .ok_or(MoneyError::Overflow)
    }

    /// The difference; negative where `other` is the larger.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor
            .checked_sub(other.minor)
            .map(|minor| Self { minor, ..self })
            .ok_or(MoneyError::Overflow)
    }

    /// The price of `quantity` pieces.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.minor
            .checked_mul(i64::from(quantity.get()))
            .map(|minor| Self { minor, ..self })
            .ok_or(MoneyError::Overflow)
    }

    /// A share in basis points (1/100 of a per cent; 700 is 7 %), rounded half away from zero to a minor unit, the way
    /// tax on an invoice is rounded.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn share_rounded_half_up(self, basis_points: u32) -> Result<Self, MoneyError> {
        let scaled = i128::from(self.minor) * i128::from(basis_points);
        let rounded = (scaled.abs() + 5_000) / 10_000 * scaled.signum();
        i64::try_from(rounded)
            .map(|minor| Self { minor, ..self })
            .map_err(|_too_large| MoneyError::Overflow)
    }

    /// Whether `self` is more than `other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn exceeds(self, other: Self) -> Result<bool, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor > other.minor)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch)
        }
    }
}

/// For logs and messages to people: `19.99 EUR`, `-0.05 EUR`, `500 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let padded = format!("{:0>width$}", self.minor.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        let point = if digits == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(minor: i64) -> Money {
        Money::of(minor, Currency::EUR)
    }

    #[test]
    fn different_currencies_do_not_add_or_compare() {
        let yen = Money::of(5, "JPY".parse().unwrap());
        assert_eq!(eur(5).plus(yen), Err(MoneyError::CurrencyMismatch));
        assert_eq!(eur(5).exceeds(yen), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn arithmetic_that_does_not_fit_is_refused_and_never_wraps() {
        assert_eq!(eur(i64::MAX).plus(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MIN).minus(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(
            eur(i64::MAX / 2).times(Quantity::new(3).unwrap()),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn a_share_is_rounded_half_away_from_zero() {
        for (amount, basis_points, share) in [(100, 700, 7), (50, 700, 4), (49, 700, 3), (-50, 700, -4), (0, 700, 0)] {
            assert_eq!(
                eur(amount).share_rounded_half_up(basis_points),
                Ok(eur(share)),
                "{amount} x {basis_points}"
            );
        }
        assert_eq!(eur(i64::MAX).share_rounded_half_up(20_000), Err(MoneyError::Overflow));
    }

    #[test]
    fn an_amount_reads_as_people_write_it() {
        assert_eq!(eur(1999).to_string(), "19.99 EUR");
        assert_eq!(eur(-5).to_string(), "-0.05 EUR");
        assert_eq!(Money::of(500, "JPY".parse().unwrap()).to_string(), "500 JPY");
    }

    #[test]
    fn only_upper_case_codes_of_currencies_with_a_minor_unit_are_currencies() {
        for code in ["eur", "EURO", "XAU", "", "ZZZ"] {
            assert_eq!(code.parse::<Currency>(), Err(InvalidCurrency), "{code}");
        }
    }
}
