//! Idempotency keys: the caller's name for a request, under which it takes effect at most once.
//!
//! After the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header-07) and
//! Stripe's API. Keys belong to a principal and are kept for [`KEPT_FOR_MS`].

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::storage::StorageError;
use crate::domains::shared::timestamp::Timestamp;

/// How long a key is remembered: 72 hours, in milliseconds. Afterwards it may be used for something new.
pub const KEPT_FOR_MS: i64 = 72 * 60 * 60 * 1000;

/// A key: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^[!-~]+$", "maxLength" = Self::MAX_CHARS))]
pub struct IdempotencyKey(String);

/// A text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::MAX_CHARS)]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The most characters of a key, as at Stripe.
    pub const MAX_CHARS: usize = 255;

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    /// Takes the key bare or, as the IETF draft has it, in double quotes; both are the same key.
    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let bare = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        Self::try_from(bare.to_owned())
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = InvalidIdempotencyKey;

    /// Takes the bare key, as another process of ours passes it on: quotes are part of it.
    fn try_from(bare: String) -> Result<Self, InvalidIdempotencyKey> {
        let fits = (1..=Self::MAX_CHARS).contains(&bare.len());
        if fits && bare.chars().all(|c| c.is_ascii_graphic()) {
            Ok(Self(bare))
        } else {
            Err(InvalidIdempotencyKey)
        }
    }
}

/// What is remembered of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Whose key it is ([`super::access::Principal::key_scope`]).
    pub scope: String,
    /// The key.
    pub key: IdempotencyKey,
    /// Name of the operation.
    pub operation: String,
    /// SHA-256 of the operation's canonical JSON, in hex: tells another request under the same key.
    pub fingerprint: String,
    /// The answer, as JSON of `Result<Reply, Error>`; `None` while the operation is being carried out.
    pub answer: Option<String>,
    /// When the key was first used.
    pub created_at: Timestamp,
}

/// Looks up keys. They are written by the stores, with the effect ([`super::storage::UnitOfWork`]).
pub trait IdempotencyStore: Send + Sync {
    /// The record of a key that was created at `not_before` or later.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError>;

    /// Forgets keys created before `before`, at most `limit` of them; returns how many it forgot.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn forget_keys(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_and_quotes_around_it_do_not_matter() {
        assert_eq!("\"a-1\"".parse::<IdempotencyKey>(), "a-1".parse());
        let too_long = "x".repeat(256);
        for text in ["", "\"\"", "a b", "a\u{7f}", "käse", too_long.as_str()] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(InvalidIdempotencyKey), "{text}");
        }
    }
}
