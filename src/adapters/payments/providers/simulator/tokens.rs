//! What each token makes the simulator do. Only authorizations are disturbed: captures, voids, refunds and lookups are
//! carried out as they should be.

use crate::domains::payments::decline_reason::DeclineReason;

/// What an authorization comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// The amount is held.
    Approve,
    /// The amount is held, after a while.
    ApproveSlowly,
    /// The card is refused.
    Decline(DeclineReason),
    /// Nothing happens, and the caller never hears of it.
    TimeOutBeforeCharge,
    /// The amount is held, and the caller never hears of it.
    TimeOutAfterCharge,
    /// Nothing happens, and the caller gets an answer that does not say so.
    Error,
}

const TOKENS: [(&str, Behaviour); 7] = [
    ("tok_visa", Behaviour::Approve),
    ("tok_declined", Behaviour::Decline(DeclineReason::CardDeclined)),
    (
        "tok_insufficient_funds",
        Behaviour::Decline(DeclineReason::InsufficientFunds),
    ),
    ("tok_slow", Behaviour::ApproveSlowly),
    ("tok_timeout_before_charge", Behaviour::TimeOutBeforeCharge),
    ("tok_timeout_after_charge", Behaviour::TimeOutAfterCharge),
    ("tok_error", Behaviour::Error),
];

/// What the ledger keeps of a token it does not know. Whatever it was (a card number, say), it is not kept.
const UNKNOWN: &str = "unknown";

/// What `token` makes the simulator do.
pub(super) fn behaviour(token: &str) -> Behaviour {
    let known = TOKENS.iter().find(|(name, _)| *name == token);
    known.map_or(Behaviour::Decline(DeclineReason::InvalidToken), |(_, behaviour)| {
        *behaviour
    })
}

/// The token, for the ledger.
pub(super) fn known_or_unknown(token: &str) -> &'static str {
    TOKENS
        .iter()
        .find(|(name, _)| *name == token)
        .map_or(UNKNOWN, |(name, _)| name)
}
