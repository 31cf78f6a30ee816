//! Tells whom an access token speaks for.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};

use super::keys::PublicKeys;
use super::{AUDIENCE, CLOCK_LEEWAY_SECONDS, Claims, ISSUER, TOKEN_TYPE, TokenUse};
use crate::ports::shared::access::Principal;
use crate::ports::shared::clock::Clock;
use crate::ports::shared::tokens::{InvalidToken, TokenVerifier};

/// The longest token that is looked at, in bytes: ours have some 600.
const MAX_TOKEN_BYTES: usize = 2048;

/// Verifies access tokens with public keys alone. It knows nothing of sessions: a token that was handed out is good
/// until it expires, at most [`super::ACCESS_TOKEN_SECONDS`] after its session was revoked.
pub struct JwtVerifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl JwtVerifier {
    /// Verifies with `keys`. A key that is not of ours (another algorithm, no name) is left out.
    pub fn new(keys: &PublicKeys, clock: Arc<dyn Clock>) -> Self {
        let usable = keys.0.keys.iter().filter_map(|jwk| {
            let is_ours = jwk.common.key_algorithm == Some(jsonwebtoken::jwk::KeyAlgorithm::EdDSA);
            let key = DecodingKey::from_jwk(jwk).ok().filter(|_key| is_ours)?;
            Some((jwk.common.key_id.clone()?, key))
        });
        Self {
            keys: usable.collect(),
            validation: validation(),
            clock,
        }
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES || token.split('.').count() != 3 {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok().filter(is_header_of_ours)?;
        // The name of a key is looked up among ours and nowhere else: no file, no address, no database.
        let key = self.keys.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .ok()?
            .claims;
        self.is_its_time(&claims).then_some(claims)
    }

    fn is_its_time(&self, claims: &Claims) -> bool {
        let now = self.clock.now().unix_seconds();
        let has_begun = now.saturating_add(CLOCK_LEEWAY_SECONDS) >= claims.nbf;
        let has_expired = now >= claims.exp.saturating_add(CLOCK_LEEWAY_SECONDS);
        has_begun && !has_expired
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str) -> Result<Principal, InvalidToken> {
        match self.claims(token) {
            Some(Claims {
                sub,
                role,
                token_use: TokenUse::Access,
                ..
            }) => Ok(Principal::User { id: sub, role }),
            None => Err(InvalidToken),
        }
    }
}

/// What the library checks: algorithm, signature, issuer, audience. Time it would take from the system's clock, so it is
/// left to [`JwtVerifier::is_its_time`]; that the claims are there and are whole numbers, to [`Claims`].
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// Our tokens bring neither keys nor addresses of keys, and no extension that one would have to understand.
fn is_header_of_ours(header: &Header) -> bool {
    header.alg == Algorithm::EdDSA
        && header.typ.as_deref() == Some(TOKEN_TYPE)
        && header.jku.is_none()
        && header.jwk.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none()
        && header.crit.is_none()
}
