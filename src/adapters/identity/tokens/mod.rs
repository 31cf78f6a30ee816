//! Tokens: access tokens are JSON Web Tokens signed with Ed25519, refresh tokens are random.
//!
//! An access token follows RFC 9068 (`typ` is `at+jwt`) and RFC 8725: one algorithm, one issuer, one audience, and a
//! claim that says what it is for. Everybody can check one with the public keys at `/.well-known/jwks.json`.

use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{SessionId, UserId};
use crate::domains::shared::role::Role;

pub mod keys;

pub mod issuer;
pub mod verifier;

/// `iss`: who signs.
pub const ISSUER: &str = "banyan";

/// `aud`: for whom.
pub const AUDIENCE: &str = "banyan-storefront";

/// How long an access token is valid, in seconds: 15 minutes.
pub const ACCESS_TOKEN_SECONDS: u32 = 15 * 60;

/// How far the clocks of two of our processes may be apart, in seconds.
pub const CLOCK_LEEWAY_SECONDS: i64 = 5;

/// `typ` in the header (RFC 9068, 2.1).
const TOKEN_TYPE: &str = "at+jwt";

/// What an access token says. Numbers are whole and texts are texts: whatever else JSON allows is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    role: Role,
    /// The session that it belongs to.
    sid: SessionId,
    /// Tells two tokens of one second apart.
    jti: String,
    token_use: TokenUse,
    /// Seconds since 1970, as the two below.
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What a token is for. One that says anything else is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenUse {
    /// Sent with requests.
    Access,
}
