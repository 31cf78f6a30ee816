//! A refund: money of a payment that goes back, in full or in part.

use super::attempt::RequestKey;
use crate::domains::shared::ids::RefundId;
use crate::domains::shared::money::Money;
use crate::domains::shared::text::{InvalidText, single_line};
use crate::domains::shared::timestamp::Timestamp;

/// Where a refund stands. It leaves `Pending` once, and for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// Asked for; the provider's answer is not known yet.
    Pending,
    /// The money is on its way back.
    Completed,
    /// The provider refused.
    Failed,
}

impl RefundStatus {
    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Completed, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// Why money goes back: 1 to [`RefundReason::MAX_CHARS`] characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundReason(String);

impl RefundReason {
    /// The most characters of a reason.
    pub const MAX_CHARS: usize = 200;

    /// Trims and checks a text.
    ///
    /// # Errors
    /// [`InvalidText`].
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        single_line(text, Self::MAX_CHARS).map(Self)
    }

    /// For an order that was called off by somebody who gave no reason that could be kept.
    pub fn order_cancelled() -> Self {
        Self("order cancelled".to_owned())
    }

    /// For what went back at the provider's desk, without us.
    pub fn made_at_the_provider() -> Self {
        Self("made at the payment provider".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was stored. Only for loading from storage.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }
}

/// A refund. Part of its payment, which guards the sum of its refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub(super) id: RefundId,
    pub(super) amount: Money,
    pub(super) reason: RefundReason,
    pub(super) status: RefundStatus,
    pub(super) request: Option<RequestKey>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// All that is stored of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefund {
    /// Its id.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// Where it stands.
    pub status: RefundStatus,
    /// The request that waits for its outcome.
    pub request: Option<RequestKey>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Refund {
    /// As it was stored, unchecked. Only for loading from storage.
    pub fn from_storage(stored: StoredRefund) -> Self {
        let StoredRefund {
            id,
            amount,
            reason,
            status,
            request,
            created_at,
            updated_at,
        } = stored;
        Self {
            id,
            amount,
            reason,
            status,
            request,
            created_at,
            updated_at,
        }
    }

    /// Its id; also the key under which the provider knows it.
    pub fn id(&self) -> RefundId {
        self.id
    }

    /// How much.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// Why.
    pub fn reason(&self) -> &RefundReason {
        &self.reason
    }

    /// Where it stands.
    pub fn status(&self) -> RefundStatus {
        self.status
    }

    /// The request that waits for its outcome; `None` for the refund of a cancelled payment.
    pub fn request(&self) -> Option<&RequestKey> {
        self.request.as_ref()
    }

    /// When it was asked for.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}
