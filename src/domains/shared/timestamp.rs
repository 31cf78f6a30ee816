//! A point in time: UTC, microseconds.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in UTC, to the microsecond, which is what both databases keep: a finer value would not survive the
/// round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("format" = "date-time"))]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Takes a point in time and drops what is finer than a microsecond.
    pub fn from_utc(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(6))
    }

    /// From the form that the databases store.
    pub fn from_naive_utc(time: NaiveDateTime) -> Self {
        Self::from_utc(time.and_utc())
    }

    /// The form that the databases store.
    pub fn naive_utc(self) -> NaiveDateTime {
        self.0.naive_utc()
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn unix_micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// From whole seconds since 1970-01-01T00:00:00Z; `None` outside of what a date can be.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self)
    }

    /// The point `ms` milliseconds later (earlier, where negative); the last representable point if there is none.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        TimeDelta::try_milliseconds(ms)
            .and_then(|delta| self.0.checked_add_signed(delta))
            .map_or(Self(DateTime::<Utc>::MAX_UTC), Self)
    }

    /// Milliseconds from `earlier` to `self`; negative where `earlier` is the later.
    pub fn ms_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_milliseconds()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(Self::from_utc)
    }
}
