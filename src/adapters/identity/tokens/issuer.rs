//! Makes tokens.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sha2::{Digest as _, Sha256};

use super::ACCESS_TOKEN_SECONDS;
use super::keys::KeyRing;
use crate::adapters::shared::access_tokens::{AUDIENCE, Claims, ISSUER, TOKEN_TYPE, TokenUse};
use crate::adapters::shared::hex;
use crate::domains::identity::session::RefreshTokenHash;
use crate::domains::shared::ids::{SessionId, UserId};
use crate::domains::shared::role::Role;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::{NewRefreshToken, TokenError, TokenIssuer};

/// In front of a refresh token, so that a scanner of leaked secrets recognises it.
const REFRESH_TOKEN_PREFIX: &str = "rft_";
/// Random bytes of a refresh token: 256 bits.
const REFRESH_TOKEN_BYTES: usize = 32;
/// Random bytes of a token's id.
const TOKEN_ID_BYTES: usize = 16;

/// Signs access tokens with the active key; makes refresh tokens of the operating system's randomness.
pub struct JwtIssuer {
    header: Header,
    signing_key: EncodingKey,
    random: SystemRandom,
}

impl JwtIssuer {
    /// Signs with the active key of `keys`.
    pub fn new(keys: &KeyRing) -> Self {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(keys.kid.clone());
        Self {
            header,
            signing_key: keys.signing_key.clone(),
            random: SystemRandom::new(),
        }
    }

    fn random_hex<const BYTES: usize>(&self) -> Result<String, TokenError> {
        let mut bytes = [0_u8; BYTES];
        self.random
            .fill(&mut bytes)
            .map_err(|_unspecified| TokenError("no randomness".into()))?;
        Ok(hex::encode(&bytes))
    }
}

impl TokenIssuer for JwtIssuer {
    fn access_token(
        &self,
        user_id: UserId,
        role: Role,
        session_id: SessionId,
        now: Timestamp,
    ) -> Result<Secret, TokenError> {
        let now = now.unix_seconds();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id,
            role,
            sid: session_id,
            jti: self.random_hex::<TOKEN_ID_BYTES>()?,
            token_use: TokenUse::Access,
            iat: now,
            nbf: now,
            exp: now.saturating_add(i64::from(ACCESS_TOKEN_SECONDS)),
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing_key);
        token.map(Secret::new).map_err(|error| TokenError(Box::new(error)))
    }

    fn access_token_lifetime_seconds(&self) -> u32 {
        ACCESS_TOKEN_SECONDS
    }

    fn refresh_token(&self) -> Result<NewRefreshToken, TokenError> {
        let secret = Secret::new(format!(
            "{REFRESH_TOKEN_PREFIX}{}",
            self.random_hex::<REFRESH_TOKEN_BYTES>()?
        ));
        let hash = self.hash_refresh_token(&secret)?;
        Ok(NewRefreshToken { secret, hash })
    }

    fn hash_refresh_token(&self, presented: &Secret) -> Result<RefreshTokenHash, TokenError> {
        RefreshTokenHash::new(hex::encode(&Sha256::digest(presented.expose())))
            .map_err(|error| TokenError(Box::new(error)))
    }
}
