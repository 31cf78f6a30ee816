//! Since when payments are compared.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::domains::shared::timestamp::Timestamp;

/// A point in time, or so long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// A point in time.
    At(Timestamp),
    /// So many milliseconds ago.
    Ago(i64),
}

/// A text that is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither a time span as in 90m, 24h or 7d nor a time as in 2026-11-25T00:00:00Z")]
pub struct InvalidSince;

/// Units of time spans, in milliseconds.
const UNITS: [(char, i64); 4] = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000)];

impl Since {
    /// The point in time that is meant at `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(ms) => now.plus_ms(ms.saturating_neg()),
        }
    }
}

impl FromStr for Since {
    type Err = InvalidSince;

    fn from_str(text: &str) -> Result<Self, InvalidSince> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(Timestamp::from_utc(time.with_timezone(&Utc))));
        }
        let unit = UNITS.into_iter().find(|(unit, _ms)| text.ends_with(*unit));
        let (unit, ms) = unit.ok_or(InvalidSince)?;
        let number = text.strip_suffix(unit).unwrap_or_default();
        let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or(InvalidSince)?;
        i64::from(number).checked_mul(ms).map(Self::Ago).ok_or(InvalidSince)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_or_a_time_is_understood_and_nothing_else() {
        let now = Timestamp::from_unix_seconds(1_767_225_600).unwrap();
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("24h", 86_400),
            ("7d", 604_800),
            ("2025-12-31T23:00:00Z", 3_600),
            ("2026-01-01T00:00:00+01:00", 3_600),
        ] {
            let since = text.parse::<Since>().unwrap().before(now);
            assert_eq!(now.ms_since(since), seconds * 1_000, "{text}");
        }
        for text in [
            "",
            "h",
            "0h",
            "-1h",
            "1.5h",
            "24",
            "24 h",
            "1w",
            "yesterday",
            "2025-12-31",
            "4294967296d",
            "ü",
        ] {
            assert_eq!(text.parse::<Since>(), Err(InvalidSince), "{text}");
        }
    }
}
