//! Prices as people and files write them, turned into minor units without any rounding.

use rust_decimal::Decimal;

use crate::domains::shared::money::{Currency, Money};

/// The price that a decimal text says: `19.99` EUR is 1999 cents, `19.990` as well, `19.999` is refused.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn parse(text: &str, currency: Currency) -> Result<Money, String> {
    if text.starts_with('-') {
        return Err("price must not be negative".to_owned());
    }
    let is_plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !text.splitn(2, '.').all(is_plain) {
        return Err("price must be a plain decimal number like 19.99".to_owned());
    }
    let mut price = Decimal::from_str_exact(text)
        .map_err(|_does_not_fit| "price has too many digits".to_owned())?
        .normalize();
    let exponent = u32::from(currency.exponent());
    if price.scale() > exponent {
        return Err(format!("price has too many decimals: {currency} has {exponent}"));
    }
    price.rescale(exponent);
    // Rescaling keeps the value and, where that is impossible, a smaller scale.
    if price.scale() != exponent {
        return Err("price has too many digits".to_owned());
    }
    i64::try_from(price.mantissa())
        .map(|minor| Money::of(minor, currency))
        .map_err(|_does_not_fit| "price has too many digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, code: &str) -> Result<i64, String> {
        parse(text, code.parse().unwrap()).map(Money::minor)
    }

    #[test]
    fn a_price_becomes_minor_units_exactly() {
        for (text, code, minor) in [
            ("109.99", "EUR", 10_999),
            ("0.07", "EUR", 7),
            ("5", "EUR", 500),
            ("5.5", "EUR", 550),
            ("19.9900000000000000000000000", "EUR", 1999),
            ("0", "EUR", 0),
            ("007.10", "EUR", 710),
            ("1200", "JPY", 1200),
            ("1200.0", "JPY", 1200),
            ("1.234", "BHD", 1234),
            ("90071992547409.93", "EUR", 9_007_199_254_740_993),
            ("92233720368547758.07", "EUR", i64::MAX),
        ] {
            assert_eq!(parsed(text, code), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn a_price_with_more_decimals_than_its_currency_is_refused() {
        for (text, code) in [("109.999", "EUR"), ("10.50", "JPY"), ("1.2345", "BHD")] {
            let reason = parsed(text, code).unwrap_err();
            assert!(reason.contains("too many decimals"), "{text} {code}: {reason}");
        }
    }

    #[test]
    fn what_is_no_plain_decimal_number_is_no_price() {
        let long = "9".repeat(1_000);
        for text in [
            "",
            ".",
            ".5",
            "5.",
            "1e3",
            "1,50",
            "1_000",
            "+1",
            "-1",
            "-0.01",
            "NaN",
            "0x10",
            "1.2.3",
            " 1",
            "١",
            "92233720368547758.08",
            &long,
            "=1+1",
        ] {
            assert!(parsed(text, "EUR").is_err(), "{text}");
        }
    }
}
