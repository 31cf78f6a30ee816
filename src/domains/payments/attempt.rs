//! An attempt to have the provider take an amount, and the request that waits for its outcome.

use crate::domains::shared::timestamp::Timestamp;

/// The name of the request that waits for an outcome, so that whoever finds the outcome can answer it: the process
/// that took the request may be gone by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose key it is.
    pub scope: String,
    /// The key.
    pub key: String,
}

/// An attempt that is under way: the provider may have been asked, and what became of it is not recorded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// The customer's request that waits for it; `None` where the checkout of the order does.
    pub request: Option<RequestKey>,
    /// Rule: an abandoned attempt is not taken up again. Noted before the provider is told to void it, so that nobody
    /// has the amount held, or takes it for held, in between.
    pub abandoned: bool,
}
