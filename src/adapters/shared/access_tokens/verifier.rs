//! Tells whom an access token speaks for.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation};

use super::public_keys::{KeyBoard, Lookup};
use super::{AUDIENCE, CLOCK_LEEWAY_SECONDS, Claims, ISSUER, TOKEN_TYPE, TokenUse};
use crate::ports::shared::access::Principal;
use crate::ports::shared::clock::Clock;
use crate::ports::shared::tokens::{TokenVerifier, Unverified};

/// The longest token that is looked at, in bytes: ours have some 600.
const MAX_TOKEN_BYTES: usize = 2048;

/// Verifies access tokens with public keys alone. It knows nothing of sessions: a token that was handed out is good
/// until it expires, at most 15 minutes after its session was revoked.
pub struct JwtVerifier {
    keys: Arc<KeyBoard>,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl JwtVerifier {
    /// Verifies with the keys that are on the board at the time.
    pub fn new(keys: Arc<KeyBoard>, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            validation: validation(),
            clock,
        }
    }

    fn claims(&self, token: &str) -> Result<Claims, Unverified> {
        if token.len() > MAX_TOKEN_BYTES || token.split('.').count() != 3 {
            return Err(Unverified::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).ok().filter(is_header_of_ours);
        let kid = header.and_then(|header| header.kid).ok_or(Unverified::Invalid)?;
        // The name of a key is looked up among ours and nowhere else: no file, no address, no database.
        let key = match self.keys.find(&kid) {
            Lookup::Found(key) => key,
            Lookup::Unknown => return Err(Unverified::Invalid),
            Lookup::NothingYet => return Err(Unverified::NoKeysYet),
        };
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|_whatever| Unverified::Invalid)?
            .claims;
        if self.is_its_time(&claims) {
            Ok(claims)
        } else {
            Err(Unverified::Invalid)
        }
    }

    fn is_its_time(&self, claims: &Claims) -> bool {
        let now = self.clock.now().unix_seconds();
        let has_begun = now.saturating_add(CLOCK_LEEWAY_SECONDS) >= claims.nbf;
        let has_expired = now >= claims.exp.saturating_add(CLOCK_LEEWAY_SECONDS);
        has_begun && !has_expired
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str) -> Result<Principal, Unverified> {
        let Claims {
            sub,
            role,
            token_use: TokenUse::Access,
            ..
        } = self.claims(token)?;
        Ok(Principal::User { id: sub, role })
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
