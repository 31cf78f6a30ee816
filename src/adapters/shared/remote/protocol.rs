//! What two processes of a shop agree on beside the messages: addresses, limits, refusals.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ports::shared::events::{DeadLetter, LoggedEvent};

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

/// The header in which a process says by which contract of the context it answers: the contract's digest.
pub const CONTRACT_HEADER: &str = "banyan-contract";

/// The address of a context's contract.
pub fn contract_path(context: &str) -> String {
    format!("{PREFIX}/contracts/{context}")
}

/// The most events of an answer; a larger wish gets as many. A reader comes back for more.
pub const MAX_EVENTS: u32 = 1_000;
/// The most bytes of payloads in an answer, beyond the first event: as JSON within JSON they become at most twice as long,
/// and stay below [`MAX_ANSWER_BYTES`].
pub const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// The address of a context's events behind a position.
pub fn events_path(context: &str, after: i64, limit: u32) -> String {
    format!("{PREFIX}/events/{context}?after={after}&limit={limit}")
}

/// The query of [`events_path`].
#[derive(Debug, Deserialize)]
pub struct EventsQuery {
    /// Behind which position.
    pub after: i64,
    /// How many at most.
    pub limit: u32,
}

/// A part of a context's log.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventsBody {
    /// In order; fewer than asked for where they would be too many bytes. Empty only at the end.
    pub events: Vec<LoggedEvent>,
}

/// The most dead letters of each consumer in an answer: enough to see what is wrong.
pub const MAX_DEAD_LETTERS: u32 = 100;

/// The address of a context's consumers.
pub fn consumers_path(context: &str) -> String {
    format!("{PREFIX}/consumers/{context}")
}

/// The consumers of a context.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConsumersBody {
    /// All of them.
    pub consumers: Vec<ConsumerStanding>,
}

/// Where a consumer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerStanding {
    /// Its stable name.
    pub name: String,
    /// The context whose log it reads.
    pub log: String,
    /// Where it stands.
    pub position: i64,
    /// What it has parked, oldest first, at most [`MAX_DEAD_LETTERS`].
    pub parked: Vec<DeadLetter>,
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
    /// What the process needs for it is away.
    #[error("what it needs is away")]
    Unavailable,
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
            Self::Unavailable | Self::Overloaded => 503,
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
