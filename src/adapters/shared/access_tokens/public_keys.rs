//! The public keys that verify access tokens, and the board where identity's process or its messenger puts them up.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};

/// What was published is no set of keys, or cannot be written as one.
#[derive(Debug, thiserror::Error)]
#[error("the published key set cannot be read or written")]
pub struct InvalidKeySet(#[source] serde_json::Error);

/// The public keys: what `/.well-known/jwks.json` shows and a verifier needs (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys(JwkSet);

impl PublicKeys {
    /// These keys.
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self(JwkSet { keys })
    }

    /// Reads what another process of ours has published.
    ///
    /// # Errors
    /// [`InvalidKeySet`].
    pub fn from_json(text: &str) -> Result<Self, InvalidKeySet> {
        serde_json::from_str(text).map(Self).map_err(InvalidKeySet)
    }

    /// The key set, as it is published.
    ///
    /// # Errors
    /// [`InvalidKeySet`]; none is known that cannot be written.
    pub fn to_json(&self) -> Result<String, InvalidKeySet> {
        serde_json::to_string(&self.0).map_err(InvalidKeySet)
    }

    /// What verifies, by name. A key that is not of ours (another algorithm, no name) is left out.
    fn decoding_keys(&self) -> HashMap<String, DecodingKey> {
        let usable = self.0.keys.iter().filter_map(|jwk| {
            let is_ours = jwk.common.key_algorithm == Some(KeyAlgorithm::EdDSA);
            let key = DecodingKey::from_jwk(jwk).ok().filter(|_key| is_ours)?;
            Some((jwk.common.key_id.clone()?, key))
        });
        usable.collect()
    }
}

/// Where the public keys are put up for all who verify in this process. Where identity runs they are there from the
/// start; elsewhere they come from its process, and stay when it goes away.
#[derive(Default)]
pub struct KeyBoard(RwLock<Option<Arc<Posted>>>);

/// What hangs on the board.
struct Posted {
    public: PublicKeys,
    decoding: HashMap<String, DecodingKey>,
}

/// What the board says of a key.
pub enum Lookup {
    /// This is it.
    Found(DecodingKey),
    /// There are keys, and it is none of them.
    Unknown,
    /// No keys have been put up yet.
    NothingYet,
}

impl KeyBoard {
    /// A board with these keys.
    pub fn with(keys: PublicKeys) -> Self {
        let board = Self::default();
        board.post(keys);
        board
    }

    /// Puts up keys in place of the last ones.
    pub fn post(&self, public: PublicKeys) {
        let decoding = public.decoding_keys();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Posted { public, decoding }));
    }

    /// The keys that are up, if any are.
    pub fn public_keys(&self) -> Option<PublicKeys> {
        self.posted().map(|posted| posted.public.clone())
    }

    /// The key of this name.
    pub(super) fn find(&self, kid: &str) -> Lookup {
        match self.posted() {
            None => Lookup::NothingYet,
            Some(posted) => posted
                .decoding
                .get(kid)
                .map_or(Lookup::Unknown, |key| Lookup::Found(key.clone())),
        }
    }

    fn posted(&self) -> Option<Arc<Posted>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
