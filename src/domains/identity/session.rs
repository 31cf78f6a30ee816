//! Sessions: families of refresh tokens that follow one another.

use std::fmt;

use crate::domains::shared::ids::{SessionId, UserId};
use crate::domains::shared::timestamp::Timestamp;

/// What is kept of a refresh token: SHA-256 of it in lower-case hex. Enough to recognise it, of no use to a thief of the
/// database; the token has 256 random bits, so it needs neither salt nor a slow hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RefreshTokenHash(String);

/// A text that is not the hash of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 64 characters of lower-case hex")]
pub struct InvalidTokenHash;

impl RefreshTokenHash {
    /// Takes 64 characters of lower-case hex.
    ///
    /// # Errors
    /// [`InvalidTokenHash`].
    pub fn new(hex: String) -> Result<Self, InvalidTokenHash> {
        let is_hex = hex.len() == 64 && hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if is_hex { Ok(Self(hex)) } else { Err(InvalidTokenHash) }
    }

    /// The hex text, for the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenHash(...)")
    }
}

/// A refresh token of a session. It is exchanged once, for its successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    hash: RefreshTokenHash,
    used_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl RefreshToken {
    /// A token that has just been handed out.
    pub fn fresh(hash: RefreshTokenHash, now: Timestamp) -> Self {
        Self {
            hash,
            used_at: None,
            created_at: now,
        }
    }

    /// A token from storage. For stores only.
    pub fn from_storage(hash: RefreshTokenHash, used_at: Option<Timestamp>, created_at: Timestamp) -> Self {
        Self {
            hash,
            used_at,
            created_at,
        }
    }

    /// What is kept of it.
    pub fn hash(&self) -> &RefreshTokenHash {
        &self.hash
    }

    /// When it was exchanged, if it was.
    pub fn used_at(&self) -> Option<Timestamp> {
        self.used_at
    }

    /// When it was handed out.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// One sign-in on one device, and the family of refresh tokens that grew from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    user_id: UserId,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// What becomes of a refresh token that somebody presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It is exchanged for its successor.
    Rotate,
    /// It is refused, and so is everything else of the session from now on: one of the two who presented it stole it.
    RevokeFamily,
    /// It is refused.
    Refuse,
}

impl Session {
    /// How long a session lasts, in milliseconds: 30 days from the sign-in, however often it is refreshed (NIST
    /// SP 800-63B, revision 4, 2.1.3: reauthentication at AAL1).
    pub const LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;

    /// A session that begins now.
    pub fn begin(id: SessionId, user_id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            expires_at: now.plus_ms(Self::LIFETIME_MS),
            revoked_at: None,
            created_at: now,
        }
    }

    /// A session from storage. For stores only.
    pub fn from_storage(
        id: SessionId,
        user_id: UserId,
        expires_at: Timestamp,
        revoked_at: Option<Timestamp>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id,
            expires_at,
            revoked_at,
            created_at,
        }
    }

    /// What becomes of `token`, a token of this session, when it is presented.
    pub fn exchange(&self, token: &RefreshToken, now: Timestamp) -> Exchange {
        let is_over = self.revoked_at.is_some() || now >= self.expires_at;
        match (is_over, token.used_at.is_some()) {
            (true, _) => Exchange::Refuse,
            (false, true) => Exchange::RevokeFamily,
            (false, false) => Exchange::Rotate,
        }
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Who signed in.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// When it ends by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When it was ended, if it was.
    pub fn revoked_at(&self) -> Option<Timestamp> {
        self.revoked_at
    }

    /// When it began.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).unwrap()
    }

    fn hash() -> RefreshTokenHash {
        RefreshTokenHash::new("0a".repeat(32)).unwrap()
    }

    #[test]
    fn a_token_is_exchanged_once_while_its_session_lasts() {
        let session = Session::begin(
            SessionId::from(uuid::Uuid::from_u128(1)),
            UserId::from(uuid::Uuid::from_u128(2)),
            at(0),
        );
        let revoked = Session {
            revoked_at: Some(at(1)),
            ..session.clone()
        };
        let fresh = RefreshToken::fresh(hash(), at(0));
        let used = RefreshToken::from_storage(hash(), Some(at(1)), at(0));
        let (last_moment, end) = (at(30 * 24 * 60 * 60 - 1), at(30 * 24 * 60 * 60));
        let table = [
            (&session, &fresh, last_moment, Exchange::Rotate),
            (&session, &used, last_moment, Exchange::RevokeFamily),
            (&session, &fresh, end, Exchange::Refuse),
            (&session, &used, end, Exchange::Refuse),
            (&revoked, &fresh, last_moment, Exchange::Refuse),
            (&revoked, &used, last_moment, Exchange::Refuse),
            (&revoked, &fresh, end, Exchange::Refuse),
            (&revoked, &used, end, Exchange::Refuse),
        ];
        for (session, token, now, expected) in table {
            assert_eq!(session.exchange(token, now), expected, "{session:?} {token:?} {now}");
        }
    }

    #[test]
    fn a_token_hash_is_lower_case_hex_of_32_bytes() {
        for text in ["", "0a", &"0A".repeat(32), &"0g".repeat(32), &"0a".repeat(33)] {
            assert_eq!(RefreshTokenHash::new(text.to_owned()), Err(InvalidTokenHash), "{text}");
        }
    }
}
