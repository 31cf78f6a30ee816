//! The keys that sign access tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};

use super::ACCESS_TOKEN_SECONDS;
use crate::adapters::shared::access_tokens::CLOCK_LEEWAY_SECONDS;
use crate::adapters::shared::access_tokens::public_keys::PublicKeys;
use crate::adapters::shared::hex;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::{SigningKey, SigningKeyStore};
use crate::ports::shared::storage::StorageError;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// They could not be read or kept.
    #[error("the signing keys cannot be read or kept")]
    Storage(#[from] StorageError),
    /// None could be made.
    #[error("no signing key could be made")]
    NotMade,
    /// What was kept is no key.
    #[error("the key {kid} is damaged: {reason}")]
    Damaged {
        /// Which.
        kid: String,
        /// What is wrong with it; not the key.
        reason: String,
    },
}

/// The key that signs, and the public halves of all that are still good.
pub struct KeyRing {
    pub(super) kid: String,
    pub(super) signing_key: EncodingKey,
    public_keys: PublicKeys,
}

impl KeyRing {
    /// The keys in `store`; at the very first start the first is made. Processes that start at once share one.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load(store: &dyn SigningKeyStore, now: Timestamp) -> Result<Self, KeyError> {
        let active = store.active_key_or(&make(now)?)?;
        let mut keys = Vec::new();
        for key in store
            .signing_keys()?
            .iter()
            .filter(|key| may_have_signed_what_is_valid(key, now))
        {
            let (_private, public) = read(key)?;
            keys.push(public);
        }
        let (signing_key, _public) = read(&active)?;
        Ok(Self {
            kid: active.kid,
            signing_key,
            public_keys: PublicKeys::new(keys),
        })
    }

    /// The public keys.
    pub fn public_keys(&self) -> &PublicKeys {
        &self.public_keys
    }
}

/// A retired key is of use until the last token that it signed has expired.
fn may_have_signed_what_is_valid(key: &SigningKey, now: Timestamp) -> bool {
    let last_token_ms = (i64::from(ACCESS_TOKEN_SECONDS) + CLOCK_LEEWAY_SECONDS) * 1000;
    key.retired_at
        .is_none_or(|retired_at| now <= retired_at.plus_ms(last_token_ms))
}

/// A new key. Version 1 of PKCS #8, because the token library takes no other; named by its thumbprint (RFC 7638).
fn make(now: Timestamp) -> Result<SigningKey, KeyError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_unspecified| KeyError::NotMade)?;
    let public = Jwk::from_encoding_key(&EncodingKey::from_ed_der(pkcs8.as_ref()), Algorithm::EdDSA);
    let kid = public
        .and_then(|public| public.thumbprint(ThumbprintHash::SHA256))
        .map_err(|_no_detail| KeyError::NotMade)?;
    Ok(SigningKey {
        kid,
        pkcs8_hex: Secret::new(hex::encode(pkcs8.as_ref())),
        created_at: now,
        retired_at: None,
    })
}

fn read(key: &SigningKey) -> Result<(EncodingKey, Jwk), KeyError> {
    let damaged = |reason: String| KeyError::Damaged {
        kid: key.kid.clone(),
        reason,
    };
    let pkcs8 = hex::decode(key.pkcs8_hex.expose()).ok_or_else(|| damaged("it is not hex".to_owned()))?;
    let private = EncodingKey::from_ed_der(&pkcs8);
    let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA).map_err(|error| damaged(error.to_string()))?;
    let thumbprint = public
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(|error| damaged(error.to_string()))?;
    if thumbprint != key.kid {
        return Err(damaged("it has another name".to_owned()));
    }
    public.common.key_id = Some(thumbprint);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((private, public))
}
