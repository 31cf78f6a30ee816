//! What two processes of a shop agree on beside the messages: addresses, limits, refusals.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What every address of the protocol begins with.
pub const PREFIX: &str = "/internal/v1";

/// The largest call, in bytes: four times the largest body that the storefront's API takes, since a message may be longer
/// than the body it was made from.
pub const MAX_CALL_BYTES: usize = 1024 * 1024;
/// The largest answer, in bytes: a page of 100 orders of 100 lines each is some 3 MB.
pub const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// How long a call may take to arrive.
pub const CALL_ARRIVAL_TIME: Duration = Duration::from_secs(10);

/// The address of an operation.
pub fn operation_path(operation: &str) -> String {
    format!("{PREFIX}/{operation}")
}

/// The address of identity's public keys.
pub fn keys_path() -> String {
    format!("{PREFIX}/keys")
}

/// The context of an operation's name: `orders` of `orders.place_order`.
pub fn context_of(operation: &str) -> &str {
    operation
        .split_once('.')
        .map_or(operation, |(context, _use_case)| context)
}

/// Why a message was not looked at: the protocol's own answers, in contrast to what an operation answers. Nothing has
/// been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The sender has not shown that it is one of us.
    #[error("it does not take us for one of the shop's own: the service secrets differ, or the clocks are apart")]
    NotOneOfUs,
    /// The context does not run in the process.
    #[error("the context does not run there")]
    ContextNotHere,
    /// The context has no such operation.
    #[error("it knows no such operation")]
    UnknownOperation,
    /// There is nothing of the kind at the address.
    #[error("it knows no such address")]
    UnknownAddress,
    /// The message is not of the operation's form.
    #[error("it cannot read the message")]
    Unreadable,
    /// The message is larger than [`MAX_CALL_BYTES`].
    #[error("the message is too large")]
    TooLarge,
    /// The message did not arrive within [`CALL_ARRIVAL_TIME`].
    #[error("the message did not arrive in time")]
    TooSlow,
    /// There is no room for it now.
    #[error("it has too much to do")]
    Overloaded,
}

impl Refusal {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotOneOfUs => 401,
            Self::ContextNotHere | Self::UnknownOperation | Self::UnknownAddress => 404,
            Self::Unreadable => 400,
            Self::TooLarge => 413,
            Self::TooSlow => 408,
            Self::Overloaded => 503,
        }
    }
}

/// The body of a refusal.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusalBody {
    /// Why.
    pub refusal: Refusal,
    /// For the log of the one who is refused.
    #[serde(default)]
    pub detail: String,
}
