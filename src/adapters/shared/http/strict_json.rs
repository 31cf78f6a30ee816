//! JSON without ambiguity: a member that stands twice in an object is an error, never "the last one wins".

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What [`parse`] found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStrictJson {
    /// Not JSON: where and why.
    Malformed(String),
    /// A member stands twice in an object.
    DuplicateMember(String),
}

/// What the error of a duplicate member begins with; serde passes errors on as text.
const DUPLICATE: &str = "duplicate member ";

/// Parses a JSON text. Nesting is limited to 128 levels by `serde_json`.
///
/// # Errors
/// [`NotStrictJson`].
pub fn parse(text: &[u8]) -> Result<Value, NotStrictJson> {
    serde_json::from_slice::<Strict>(text)
        .map(|strict| strict.0)
        .map_err(|error| {
            let message = error.to_string();
            match message.strip_prefix(DUPLICATE) {
                Some(rest) => NotStrictJson::DuplicateMember(rest.to_owned()),
                None => NotStrictJson::Malformed(message),
            }
        })
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{DUPLICATE}`{name}`")));
            }
            let Strict(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_an_error_at_any_depth() {
        for text in [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"a":1}}]"#] {
            assert!(
                matches!(parse(text.as_bytes()), Err(NotStrictJson::DuplicateMember(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let nested = "[".repeat(200_000);
        let bom = "\u{feff}{}";
        let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let long_number = "9".repeat(1_000_000);
        for text in ["", "{", r#"{"a":}"#, r#""\ud800""#, &nested, bom, &long_number] {
            assert!(
                matches!(parse(text.as_bytes()), Err(NotStrictJson::Malformed(_))),
                "{text:.20}"
            );
        }
        assert!(matches!(parse(&utf16), Err(NotStrictJson::Malformed(_))));
        assert!(matches!(parse(b"\"\xff\""), Err(NotStrictJson::Malformed(_))));
    }

    #[test]
    fn json_is_json() {
        let text = r#"{"a":[1,-1,1.5,null,true,"x"],"b":{}}"#;
        assert_eq!(parse(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()));
    }
}
