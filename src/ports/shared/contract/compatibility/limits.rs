//! Limits of numbers and texts, and whether those of one side hold on the other.

use serde_json::{Map, Value};

use super::alternatives::length;

/// Numbers between limits.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    pub(super) whole: bool,
    /// `None`: none, or none that fits.
    min: Option<i128>,
    max: Option<i128>,
    /// Of numbers that are not whole: `float`, `double`. That of whole ones has become limits.
    format: Option<&'a str>,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(keywords: &'a Map<String, Value>, whole: bool) -> Result<Self, String> {
        let format = text(keywords, "format")?;
        let (mut min, mut max) = match format {
            Some(format) if whole => range_of(format)?,
            _ => (None, None),
        };
        // `None` is below every bound, so the larger of two lower limits is simply the larger; with upper ones not.
        min = min.max(bound(keywords, "minimum")?);
        max = match (max, bound(keywords, "maximum")?) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Ok(Self {
            whole,
            min,
            max,
            format: format.filter(|_| !whole),
        })
    }

    /// Why a reader of `reader` refuses some of these.
    pub(super) fn refusals(&self, reader: &Self) -> Vec<String> {
        let mut reasons = Vec::new();
        if reader.whole && !self.whole {
            reasons.push("need not be whole, and the reader wants an integer".to_owned());
        }
        if !reader.whole && !self.whole && reader.format.is_some() && reader.format != self.format {
            reasons.push(format!(
                "is {}, and the reader wants {}",
                or_any(self.format),
                or_any(reader.format)
            ));
        }
        if reader.min.is_some() && self.min < reader.min {
            reasons.push(format!(
                "may be as low as {}, and the reader takes {} or more",
                limit(self.min),
                limit(reader.min)
            ));
        }
        if let Some(max) = reader.max
            && self.max.is_none_or(|own| own > max)
        {
            reasons.push(format!(
                "may be as high as {}, and the reader takes {max} or less",
                limit(self.max)
            ));
        }
        reasons
    }

    pub(super) fn contains(&self, number: i128) -> bool {
        self.min.is_none_or(|min| min <= number) && self.max.is_none_or(|max| number <= max)
    }
}

/// Texts between limits.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    length_min: u64,
    length_max: Option<u64>,
    pattern: Option<&'a str>,
    format: Option<&'a str>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(keywords: &'a Map<String, Value>) -> Result<Self, String> {
        Ok(Self {
            length_min: length(keywords, "minLength")?.unwrap_or(0),
            length_max: length(keywords, "maxLength")?,
            pattern: text(keywords, "pattern")?,
            format: text(keywords, "format")?,
        })
    }

    /// Why a reader of `reader` refuses some of these.
    pub(super) fn refusals(&self, reader: &Self) -> Vec<String> {
        let mut reasons: Vec<String> = length_refusals(
            (self.length_min, self.length_max),
            (reader.length_min, reader.length_max),
            "characters",
        );
        if reader.pattern.is_some() && reader.pattern != self.pattern {
            reasons.push(format!(
                "follows {}, and the reader checks {}",
                or_any(self.pattern),
                or_any(reader.pattern)
            ));
        }
        if reader.format.is_some() && reader.format != self.format {
            reasons.push(format!(
                "is of format {}, and the reader wants {}",
                or_any(self.format),
                or_any(reader.format)
            ));
        }
        reasons
    }

    /// Why a reader of these refuses one particular text.
    pub(super) fn refusals_of_text(&self, text: &str) -> Vec<String> {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let mut reasons = length_refusals((length, Some(length)), (self.length_min, self.length_max), "characters");
        if self.pattern.is_some() || self.format.is_some() {
            reasons.push("is a fixed text, which cannot be compared with a pattern or a format".to_owned());
        }
        reasons
    }
}

/// Why a reader that takes lengths from `reader.0` to `reader.1` refuses some of `writer.0` to `writer.1`.
pub(super) fn length_refusals(writer: (u64, Option<u64>), reader: (u64, Option<u64>), what: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    if writer.0 < reader.0 {
        reasons.push(format!(
            "may have only {} {what}, and the reader wants {} or more",
            writer.0, reader.0
        ));
    }
    if let Some(max) = reader.1
        && writer.1.is_none_or(|own| own > max)
    {
        let own = writer
            .1
            .map_or_else(|| "any number of".to_owned(), |own| own.to_string());
        reasons.push(format!("may have {own} {what}, and the reader takes {max} or less"));
    }
    reasons
}

/// The limits of Rust's integers, under the names that schemars has for them.
fn range_of(format: &str) -> Result<(Option<i128>, Option<i128>), String> {
    let (min, max): (i128, i128) = match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (u8::MIN.into(), u8::MAX.into()),
        "uint16" => (u16::MIN.into(), u16::MAX.into()),
        "uint32" => (u32::MIN.into(), u32::MAX.into()),
        "uint64" | "uint" => (u64::MIN.into(), u64::MAX.into()),
        other => return Err(format!("the format `{other}` of an integer cannot be compared")),
    };
    Ok((Some(min), Some(max)))
}

fn bound(keywords: &Map<String, Value>, name: &str) -> Result<Option<i128>, String> {
    match keywords.get(name) {
        Some(value) => match whole(value) {
            Some(bound) => Ok(Some(bound)),
            None => Err(format!("the bound `{name}` of {value} cannot be compared")),
        },
        None => Ok(None),
    }
}

/// A number without a fraction.
pub(super) fn whole(value: &Value) -> Option<i128> {
    value
        .as_i64()
        .map(i128::from)
        .or_else(|| value.as_u64().map(i128::from))
}

fn text<'a>(keywords: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    match keywords.get(name) {
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` is {other}")),
        None => Ok(None),
    }
}

fn limit(limit: Option<i128>) -> String {
    limit.map_or_else(|| "one likes".to_owned(), |limit| limit.to_string())
}

fn or_any(what: Option<&str>) -> String {
    what.map_or_else(|| "anything".to_owned(), |what| format!("`{what}`"))
}
