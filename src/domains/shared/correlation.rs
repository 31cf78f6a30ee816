//! What ties together everything that one request causes.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::ids::EventId;

/// Names a request and everything it causes: log lines, events, calls. Chosen by the client or made by us.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(extend("pattern" = "^[A-Za-z0-9_.:-]+$", "maxLength" = Self::MAX_CHARS))]
pub struct CorrelationId(String);

/// A text that is not fit to be a correlation id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} letters, digits or any of - _ . :", CorrelationId::MAX_CHARS)]
pub struct InvalidCorrelationId;

impl CorrelationId {
    /// The most characters of a correlation id: it goes into every line of the log.
    pub const MAX_CHARS: usize = 128;

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Uuid> for CorrelationId {
    fn from(id: Uuid) -> Self {
        Self(EventId::from(id).to_string().replacen(EventId::PREFIX, "cor", 1))
    }
}

impl FromStr for CorrelationId {
    type Err = InvalidCorrelationId;

    fn from_str(text: &str) -> Result<Self, InvalidCorrelationId> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if (1..=Self::MAX_CHARS).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCorrelationId)
        }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CorrelationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
