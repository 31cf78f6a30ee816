//! What the simulated provider and the shop say to each other when the provider is a process of its own: JSON over HTTP,
//! every effect named by a key in its path, so that the same request again finds it done.
//!
//! | request | effect |
//! |---|---|
//! | `PUT /v1/charges/{key}` `{"token", "amount"}` | holds the amount |
//! | `POST /v1/charges/{key}/capture` `{"amount"}` | takes it |
//! | `POST /v1/charges/{key}/void` `{"amount"}` | lets it go, or blocks the key |
//! | `PUT /v1/charges/{key}/refunds/{refund_key}` `{"amount"}` | gives it back |
//! | `GET /v1/charges/{key}`, `GET /v1/refunds/{refund_key}` | 404 where there is none |
//! | `GET /v1/charges?after=&since=&limit=` | in the order of their keys; `since`: only those made then or later |
//!
//! 422: refused as such, nothing done. 409 (another request with this key is under way), 429 (too many) and 503: nothing
//! done. Every other answer beside 200 leaves open what was done.

use serde::{Deserialize, Serialize};

use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::shared::page::PageRequest;

/// Charges on a page at most: as many as an audit reads at once, and the one by which it knows that there are more.
pub(super) const PAGE_MAX: u32 = PageRequest::MAX_AUDIT_LIMIT + 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AuthorizeBody {
    pub(super) token: String,
    pub(super) amount: Money,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AmountBody {
    pub(super) amount: Money,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChargesQuery {
    #[serde(default)]
    pub(super) after: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
    pub(super) limit: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChargesBody {
    pub(super) charges: Vec<ChargeBody>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChargeBody {
    pub(super) key: String,
    pub(super) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decline_reason: Option<String>,
    pub(super) authorized: Money,
    pub(super) captured: Money,
    pub(super) refunded: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Authorized,
    Captured,
    Voided,
    Declined,
}

impl From<ProviderCharge> for ChargeBody {
    fn from(charge: ProviderCharge) -> Self {
        let (status, reason) = match charge.state {
            ChargeState::Authorized => (Status::Authorized, None),
            ChargeState::Captured => (Status::Captured, None),
            ChargeState::Voided => (Status::Voided, None),
            ChargeState::Declined(reason) => (Status::Declined, Some(reason.name().to_owned())),
        };
        Self {
            key: charge.key,
            status,
            decline_reason: reason,
            authorized: charge.authorized,
            captured: charge.captured,
            refunded: charge.refunded,
        }
    }
}

impl ChargeBody {
    /// As the port has it. A reason that this version does not know is a card that was declined.
    pub(super) fn into_charge(self) -> ProviderCharge {
        let state = match self.status {
            Status::Authorized => ChargeState::Authorized,
            Status::Captured => ChargeState::Captured,
            Status::Voided => ChargeState::Voided,
            Status::Declined => {
                let reason = self.decline_reason.as_deref().and_then(DeclineReason::from_name);
                ChargeState::Declined(reason.unwrap_or(DeclineReason::CardDeclined))
            }
        };
        ProviderCharge {
            key: self.key,
            state,
            authorized: self.authorized,
            captured: self.captured,
            refunded: self.refunded,
        }
    }
}
