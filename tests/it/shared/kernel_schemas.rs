//! The schemas of the shared kernel, against what its types accept and write.

use std::fmt::Display;
use std::str::FromStr;

use banyan::domains::shared::correlation::CorrelationId;
use banyan::domains::shared::email::EmailAddress;
use banyan::domains::shared::ids::{OrderId, PaymentId};
use banyan::domains::shared::money::{Currency, Money};
use banyan::domains::shared::quantity::Quantity;
use banyan::domains::shared::sku::Sku;
use banyan::domains::shared::slug::Slug;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::shared::idempotency::IdempotencyKey;
use regex::Regex;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

/// Whether a text fits the limits and the pattern of a schema.
fn allows(schema: &Value, text: &str) -> bool {
    assert_eq!(schema["type"], "string");
    let length_max = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    let fits = u64::try_from(text.chars().count()).unwrap() <= length_max;
    let pattern = schema
        .get("pattern")
        .map(|pattern| Regex::new(pattern.as_str().unwrap()).unwrap());
    fits && pattern.is_none_or(|pattern| pattern.is_match(text))
}

fn check<T: JsonSchema + FromStr + Display>(texts: &[&str]) {
    let schema = schema::<T>();
    let (mut accepted, mut refused) = (0, 0);
    for text in texts {
        let parsed = text.parse::<T>();
        assert_eq!(allows(&schema, text), parsed.is_ok(), "{} of {text}", T::schema_name());
        match parsed {
            Ok(value) => {
                accepted += 1;
                assert!(allows(&schema, &value.to_string()));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        accepted > 0 && refused > 0,
        "{}: examples of one kind only",
        T::schema_name()
    );
}

#[test]
fn a_pattern_allows_what_the_type_accepts_and_nothing_else() {
    check::<OrderId>(&[
        "ord_01h2e8kqvbfwea724h75qc655w",
        "ord_7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "ord_00000000000000000000000000",
        "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "ord_01h2e8kqvbfwea724h75qc655i",
        "ord_01h2e8kqvbfwea724h75qc655l",
        "ord_01h2e8kqvbfwea724h75qc655o",
        "ord_01h2e8kqvbfwea724h75qc655u",
        "ord_01H2E8KQVBFWEA724H75QC655W",
        "ord_01h2e8kqvbfwea724h75qc655",
        "pay_01h2e8kqvbfwea724h75qc655w",
        "ord-01h2e8kqvbfwea724h75qc655w",
        "",
    ]);
    check::<PaymentId>(&["pay_01h2e8kqvbfwea724h75qc655w", "ord_01h2e8kqvbfwea724h75qc655w"]);
    let (longest, too_long) = ("x".repeat(Sku::MAX_CHARS), "x".repeat(Sku::MAX_CHARS + 1));
    check::<Sku>(&["A-1_b./", &longest, &too_long, "", "a b", "ä", "a\n"]);
    let (longest, too_long) = ("x".repeat(Slug::MAX_CHARS), "x".repeat(Slug::MAX_CHARS + 1));
    check::<Slug>(&[
        "whole-milk",
        "a",
        "1-2-3",
        &longest,
        &too_long,
        "",
        "-a",
        "a-",
        "a--b",
        "A",
        "ä",
    ]);
    let longest = "x".repeat(CorrelationId::MAX_CHARS);
    let too_long = "x".repeat(CorrelationId::MAX_CHARS + 1);
    check::<CorrelationId>(&["cor_1:2.3-4", &longest, &too_long, "", "a b", "ä", "/"]);
    check::<Currency>(&["EUR", "JPY", "eur", "EURO", ""]);
}

#[test]
fn an_idempotency_key_is_what_its_schema_allows() {
    let schema = schema::<IdempotencyKey>();
    let (longest, too_long) = (
        "x".repeat(IdempotencyKey::MAX_CHARS),
        "x".repeat(IdempotencyKey::MAX_CHARS + 1),
    );
    for text in ["k-1", "!~\"", &longest, &too_long, "", "a b", "ä"] {
        let accepted = IdempotencyKey::try_from(text.to_owned()).is_ok();
        assert_eq!(allows(&schema, text), accepted, "{text}");
    }
}

/// What a pattern cannot say is left to the type, and is more than the pattern allows, never less.
#[test]
fn what_is_written_fits_its_schema() {
    let email: EmailAddress = "Ada.L@Example.COM".parse().unwrap();
    let schema_of_email = schema::<EmailAddress>();
    assert!(allows(&schema_of_email, email.as_str()));
    assert_eq!(schema_of_email["maxLength"], EmailAddress::MAX_BYTES);
    let money = serde_json::to_value(Money::of(-5, Currency::EUR)).unwrap();
    let schema_of_money = schema::<Money>();
    let properties = schema_of_money["properties"].as_object().unwrap();
    assert!(
        properties.keys().eq(money.as_object().unwrap().keys()),
        "{schema_of_money}"
    );
    assert_eq!(schema_of_money["required"], json!(["amount", "currency"]));
    assert_eq!(schema::<Timestamp>()["format"], "date-time");
    let time = Timestamp::from_unix_seconds(0).unwrap();
    assert_eq!(serde_json::to_value(time).unwrap(), "1970-01-01T00:00:00.000000Z");
}

#[test]
fn a_quantity_has_the_limits_that_its_schema_names() {
    let schema = schema::<Quantity>();
    let (min, max) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
    for (pieces, fits) in [(min - 1, false), (min, true), (max, true), (max + 1, false)] {
        assert_eq!(
            serde_json::from_value::<Quantity>(json!(pieces)).is_ok(),
            fits,
            "{pieces}"
        );
    }
}
