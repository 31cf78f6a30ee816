//! Makes tokens: access tokens are JSON Web Tokens signed with Ed25519 (see `adapters/shared/access_tokens`, where they
//! are checked), refresh tokens are random.

pub mod keys;

pub mod issuer;

/// How long an access token is valid, in seconds: 15 minutes.
pub const ACCESS_TOKEN_SECONDS: u32 = 15 * 60;
