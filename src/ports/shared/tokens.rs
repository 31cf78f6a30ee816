//! Who a bearer token speaks for. Every context's HTTP edge asks.

use super::access::Principal;

/// Why a token speaks for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It is not one of ours, or no longer valid. Deliberately without a reason: a client learns nothing from it.
    #[error("the access token is not valid")]
    Invalid,
    /// Nothing can be said yet: identity runs elsewhere, and its keys have not come since this process started.
    #[error("the keys that verify access tokens are not here yet")]
    NoKeysYet,
}

/// Tells whom a bearer token speaks for.
pub trait TokenVerifier: Send + Sync {
    /// The principal of a valid access token.
    ///
    /// # Errors
    /// [`Unverified::Invalid`] whatever is wrong with it; [`Unverified::NoKeysYet`].
    fn verify(&self, token: &str) -> Result<Principal, Unverified>;
}
