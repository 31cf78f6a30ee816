//! Password hashes: argon2id.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash as PhcHash;
use argon2::password_hash::{Error as PhcError, PasswordHasher as _, PasswordVerifier as _};

use super::lean_argon2::LeanArgon2;
use crate::domains::identity::password::{Password, PasswordHash};
use crate::domains::shared::secret::Secret;
use crate::ports::identity::outbound::{HashingError, PasswordHasher};
use crate::ports::shared::storage::BoxedError;

/// Memory of one hash in KiB: 19 MiB (OWASP Password Storage Cheat Sheet, the first choice for argon2id). How many are
/// made at once is for the bulkhead of identity's edge to bound.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory (same source).
const PASSES: u32 = 2;
/// Lanes (same source).
const LANES: u32 = 1;

/// A hash that no password has, verified in place of one that does not exist: its output is zero. Same parameters as
/// real ones, or the time would tell.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// argon2id with 19 MiB, two passes and one lane; a salt of 16 random bytes for each hash; hashes in PHC form.
pub struct Argon2Hasher {
    argon2: LeanArgon2,
}

impl Argon2Hasher {
    /// A hasher.
    ///
    /// # Errors
    /// [`HashingError`] should the parameters be refused.
    pub fn new() -> Result<Self, HashingError> {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| HashingError(error.to_string().into()))?;
        Ok(Self {
            argon2: LeanArgon2 { params },
        })
    }
}

impl PasswordHasher for Argon2Hasher {
    fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        let hash: PhcHash = self
            .argon2
            .hash_password(password.expose().as_bytes())
            .map_err(failed)?;
        Ok(PasswordHash::from_hasher(hash.to_string()))
    }

    fn verify(&self, attempt: &Secret, hash: Option<&PasswordHash>) -> Result<bool, HashingError> {
        let expected = PhcHash::new(hash.map_or(NOBODYS_HASH, PasswordHash::expose))
            .map_err(|error| HashingError(error.to_string().into()))?;
        // Parameters are those of the hash, and the comparison takes constant time.
        match self.argon2.verify_password(attempt.expose().as_bytes(), &expected) {
            Ok(()) => Ok(hash.is_some()),
            Err(PhcError::PasswordInvalid) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: PhcError) -> HashingError {
    HashingError(BoxedError::from(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(attempt: &str, hash: Option<&PasswordHash>) -> bool {
        Argon2Hasher::new()
            .unwrap()
            .verify(&Secret::new(attempt), hash)
            .unwrap()
    }

    #[test]
    fn a_hash_is_argon2id_with_the_documented_parameters_and_its_own_salt() {
        let hasher = Argon2Hasher::new().unwrap();
        let password = Password::new("correct horse battery staple").unwrap();
        let (one, other) = (hasher.hash(&password).unwrap(), hasher.hash(&password).unwrap());
        assert!(
            one.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            one.expose()
        );
        assert_ne!(one, other);
        assert!(verify("correct horse battery staple", Some(&one)));
        assert!(!verify("correct horse battery stapl", Some(&one)));
        assert!(!verify("", Some(&one)));
    }

    #[test]
    fn no_byte_of_a_long_password_is_cut_off() {
        let long = "x".repeat(1023);
        let hash = Argon2Hasher::new()
            .unwrap()
            .hash(&Password::new(&format!("{long}y")).unwrap())
            .unwrap();
        assert!(!verify(&long, Some(&hash)));
        assert!(!verify(&format!("{long}z"), Some(&hash)));
        assert!(verify(&format!("{long}y"), Some(&hash)));
    }

    #[test]
    fn nobody_has_the_password_of_nobody() {
        assert!(!verify("", None));
        assert!(!verify("correct horse battery staple", None));
    }

    #[test]
    fn a_damaged_hash_is_a_failure_and_not_a_wrong_password() {
        let damaged = PasswordHash::from_hasher("$argon2id$v=19$".to_owned());
        assert!(
            Argon2Hasher::new()
                .unwrap()
                .verify(&Secret::new("x"), Some(&damaged))
                .is_err()
        );
    }
}
