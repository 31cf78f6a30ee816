//! Who a bearer token speaks for. Implemented by identity's adapter; every context's HTTP edge asks.

use super::access::Principal;

/// The token is not one of ours, or no longer valid. Deliberately without a reason: a client learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid")]
pub struct InvalidToken;

/// Tells whom a bearer token speaks for.
pub trait TokenVerifier: Send + Sync {
    /// The principal of a valid access token.
    ///
    /// # Errors
    /// [`InvalidToken`] whatever is wrong with it.
    fn verify(&self, token: &str) -> Result<Principal, InvalidToken>;
}
