//! What may be a password.

use std::fmt;

/// A password that keeps the policy.
///
/// The policy is that of NIST SP 800-63B (revision 4, 3.1.1.2) for a password that stands alone: at least 15, no rules
/// of composition, every character allowed, spaces and all of Unicode included, nothing cut off, nothing normalised:
/// two spellings of an accented letter are two passwords. The length is counted in bytes of UTF-8, so that both ends of
/// the range mean the same on every client. The upper end keeps hashing cheap; NUL is refused because some system on
/// the way may take it for the end.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text cannot be a password. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Shorter than [`Password::MIN_BYTES`].
    #[error("must have at least {} bytes", Password::MIN_BYTES)]
    TooShort,
    /// Longer than [`Password::MAX_BYTES`].
    #[error("must have at most {} bytes", Password::MAX_BYTES)]
    TooLong,
    /// Holds a NUL character.
    #[error("must not contain a NUL character")]
    Nul,
}

impl Password {
    /// The fewest bytes of a password.
    pub const MIN_BYTES: usize = 15;
    /// The most bytes of a password.
    pub const MAX_BYTES: usize = 1024;

    /// A text that keeps the policy.
    ///
    /// # Errors
    /// [`InvalidPassword`].
    pub fn new(text: &str) -> Result<Self, InvalidPassword> {
        if text.len() < Self::MIN_BYTES {
            Err(InvalidPassword::TooShort)
        } else if text.len() > Self::MAX_BYTES {
            Err(InvalidPassword::TooLong)
        } else if text.contains('\0') {
            Err(InvalidPassword::Nul)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The password, for whoever hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(...)")
    }
}

/// What is kept of a password: the text that the hasher made and alone can read.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes what a hasher made, or what was kept of it.
    pub fn from_hasher(text: String) -> Self {
        Self(text)
    }

    /// The text, for the hasher and the store.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_bytes(length: usize) -> Result<(), InvalidPassword> {
        Password::new(&"x".repeat(length)).map(|_kept| ())
    }

    #[test]
    fn a_password_has_15_to_1024_bytes() {
        assert_eq!(of_bytes(0), Err(InvalidPassword::TooShort));
        assert_eq!(of_bytes(14), Err(InvalidPassword::TooShort));
        assert_eq!(of_bytes(15), Ok(()));
        assert_eq!(of_bytes(64), Ok(()));
        assert_eq!(of_bytes(1024), Ok(()));
        assert_eq!(of_bytes(1025), Err(InvalidPassword::TooLong));
    }

    #[test]
    fn length_is_counted_in_bytes() {
        assert_eq!(
            Password::new("äöüäöüä"),
            Err(InvalidPassword::TooShort),
            "7 characters of 2 bytes"
        );
        assert!(Password::new("äöüäöüäö").is_ok(), "8 characters of 2 bytes");
        assert_eq!(
            Password::new(&"ä".repeat(513)),
            Err(InvalidPassword::TooLong),
            "1,026 bytes"
        );
    }

    #[test]
    fn every_character_but_nul_may_stand_in_a_password_and_none_is_changed() {
        for text in [
            "               ",
            "correct horse battery staple",
            "пароль-пароль",
            "🔑🔑🔑🔑",
            "tab\tand\nline feed",
            "' OR 1=1 -- ${jndi:}",
        ] {
            assert_eq!(
                Password::new(text).map(|password| password.expose().to_owned()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(Password::new("fourteen bytes\0 and a tail"), Err(InvalidPassword::Nul));
        let (composed, decomposed) = ("é".repeat(10), "e\u{301}".repeat(10));
        assert_ne!(Password::new(&composed), Password::new(&decomposed));
    }

    #[test]
    fn neither_a_password_nor_its_hash_shows_in_debug_output() {
        let password = Password::new("canary-canary-canary").unwrap();
        let hash = PasswordHash::from_hasher("canary".to_owned());
        assert!(!format!("{password:?}{hash:?}{:?}", Password::new("canary")).contains("canary"));
    }
}
