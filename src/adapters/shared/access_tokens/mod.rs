//! Access tokens, as every process checks them. Identity alone makes them.
//!
//! An access token is a JSON Web Token signed with Ed25519. It follows RFC 9068 (`typ` is `at+jwt`) and RFC 8725: one
//! algorithm, one issuer, one audience, and a claim that says what it is for. Everybody can check one with the public
//! keys at `/.well-known/jwks.json`.

use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{SessionId, UserId};
use crate::domains::shared::role::Role;

pub mod public_keys;
pub mod verifier;

/// `iss`: who signs.
pub const ISSUER: &str = "banyan";

/// `aud`: for whom.
pub const AUDIENCE: &str = "banyan-storefront";

/// How far the clocks of two of our processes may be apart, in seconds.
pub const CLOCK_LEEWAY_SECONDS: i64 = 5;

/// `typ` in the header (RFC 9068, 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";

/// What an access token says. Numbers are whole and texts are texts: whatever else JSON allows is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// Who has signed in.
    pub sub: UserId,
    /// What they may do.
    pub role: Role,
    /// The session that it belongs to.
    pub sid: SessionId,
    /// Tells two tokens of one second apart.
    pub jti: String,
    /// What it is for.
    pub token_use: TokenUse,
    /// When it was made, in seconds since 1970, as the two below.
    pub iat: i64,
    /// From when it is good.
    pub nbf: i64,
    /// Until when it is good.
    pub exp: i64,
}

/// What a token is for. One that says anything else is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenUse {
    /// Sent with requests.
    Access,
}
