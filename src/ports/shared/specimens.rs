//! Operations of no context, for tests of what every operation has in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::Never;
use super::operation::operation;
use crate::domains::shared::ids::OrderId;

/// Asks about something.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ask {
    pub(crate) order_id: OrderId,
}
operation!(Ask => State, ActError; "specimens.ask", Query, SignedIn);

/// Does something, and is not safe to be sent twice.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Act {
    pub(crate) order_id: OrderId,
    pub(crate) reason: Option<String>,
}
operation!(Act => State, ActError; "specimens.act", Command, SignedIn);

/// Does something once under a key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ActOnce {
    pub(crate) pieces: i64,
}
operation!(ActOnce => State, ActError; "specimens.act_once", Command, Staff, keyed);

/// Does something that has no outcomes but that it is done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Forget {
    pub(crate) refresh_token: String,
}
operation!(Forget => (), Never; "specimens.forget", Command, Public);

/// What there is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct State {
    pub(crate) pieces: i64,
}

/// What is not done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum ActError {
    /// Somebody else is at it.
    Busy,
    /// There is not enough.
    TooFew { pieces: i64 },
}
