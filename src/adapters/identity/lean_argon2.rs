//! argon2 in memory that goes back to the operating system.
//!
//! A hash takes 19 MiB for 20 ms. Through the usual allocator these stay with the process: glibc maps a block of this
//! size only the first time, then moves the limit from which it maps and keeps each later one in the arena of the
//! thread that asked. A few hundred sign-ins on many threads left more than a gigabyte behind. Blocks above
//! [`ALWAYS_MAPPED_BYTES`] are mapped and unmapped each time, so that is what is reserved; only what is used of it is
//! ever backed by memory.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, Error, PasswordHasher, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// More than glibc's `DEFAULT_MMAP_THRESHOLD_MAX` of 32 MiB (mallopt(3)), up to which the limit moves.
const ALWAYS_MAPPED_BYTES: usize = 40 * 1024 * 1024;

/// argon2id, version 1.3, with these parameters.
pub(super) struct LeanArgon2 {
    /// For new hashes.
    pub(super) params: Params,
}

impl PasswordHasher<PasswordHash> for LeanArgon2 {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        hash(Algorithm::Argon2id, Version::V0x13, &self.params, password, salt)
    }
}

/// Verifying goes through this: algorithm, version and parameters are those of the stored hash.
impl CustomizedPasswordHasher<PasswordHash> for LeanArgon2 {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(Algorithm::Argon2id), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::V0x13), Version::try_from)?;
        hash(algorithm, version, &params, password, salt)
    }
}

fn hash(algorithm: Algorithm, version: Version, params: &Params, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
    let salt = Salt::new(salt)?;
    let mut bytes = [0; Output::MAX_LENGTH];
    let output = bytes
        .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
        .ok_or(Error::OutputSize)?;
    let memory = memory(params.block_count())?;
    Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(password, &salt, output, memory)?;
    Ok(PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(Output::new(output)?),
    })
}

fn memory(blocks: usize) -> Result<Vec<Block>> {
    let mut memory = Vec::new();
    memory
        .try_reserve_exact(blocks.max(ALWAYS_MAPPED_BYTES / Block::SIZE))
        .map_err(|_out_of_memory| Error::OutOfMemory)?;
    memory.resize(blocks, Block::new());
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    #[test]
    fn it_makes_the_hashes_that_the_crate_makes() {
        let params = Params::new(64, 2, 1, None).unwrap();
        let theirs = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let ours = LeanArgon2 { params };
        let salt = b"sixteen bytes...";
        assert_eq!(
            ours.hash_password_with_salt(b"a password", salt).unwrap(),
            theirs.hash_password_with_salt(b"a password", salt).unwrap()
        );
    }

    #[test]
    fn it_verifies_with_the_parameters_of_the_hash() {
        let old = Argon2::new(Algorithm::Argon2i, Version::V0x10, Params::new(32, 3, 2, None).unwrap());
        let hash: PasswordHash = old.hash_password_with_salt(b"a password", b"sixteen bytes...").unwrap();
        let ours = LeanArgon2 {
            params: Params::new(64, 2, 1, None).unwrap(),
        };
        assert_eq!(ours.verify_password(b"a password", &hash), Ok(()));
        assert_eq!(ours.verify_password(b"another", &hash), Err(Error::PasswordInvalid));
    }
}
