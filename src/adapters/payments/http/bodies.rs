//! Bodies that several endpoints of payments share.

use serde::Serialize;
use utoipa::ToSchema;

use super::problems::status_name;
use crate::adapters::shared::http::money::MoneyBody;
use crate::domains::shared::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::{DeclineReason, Payment, Refund, RefundStatus};

/// A payment: the whole money of one order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentBody {
    /// Its id.
    #[schema(value_type = String, example = "pay_01h2e8kqvbfwea724h75qc655w")]
    id: PaymentId,
    /// For which order.
    #[schema(value_type = String, example = "ord_01h2e8kqvbfwea724h75qc655w")]
    order_id: OrderId,
    /// Who pays.
    #[schema(value_type = String, example = "usr_01h2e8kqvbfwea724h75qc655w")]
    customer_id: UserId,
    /// `pending`, `authorized`, `completed`, `failed`, `voided`, `partially_refunded` or `refunded`.
    #[schema(value_type = String, example = "completed")]
    status: &'static str,
    /// What is to be paid.
    amount: MoneyBody,
    /// What went back.
    refunded: MoneyBody,
    /// The provider that carries it out.
    #[schema(example = "simulator")]
    provider: String,
    /// Why it failed: `card_declined`, `insufficient_funds`, `invalid_token` or `provider_failure`; else null.
    #[schema(value_type = Option<String>)]
    decline_reason: Option<&'static str>,
    /// Its refunds, oldest first.
    refunds: Vec<RefundBody>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A refund of a payment, in full or in part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefundBody {
    /// Its id.
    #[schema(value_type = String, example = "ref_01h2e8kqvbfwea724h75qc655w")]
    id: RefundId,
    /// Of which payment.
    #[schema(value_type = String, example = "pay_01h2e8kqvbfwea724h75qc655w")]
    payment_id: PaymentId,
    /// `pending`, `completed` or `failed`.
    #[schema(value_type = String, example = "completed")]
    status: &'static str,
    /// How much.
    amount: MoneyBody,
    /// Why, in the words of who asked.
    #[schema(example = "arrived broken")]
    reason: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            customer_id: payment.customer_id,
            status: status_name(payment.status),
            amount: payment.amount.into(),
            refunded: payment.refunded.into(),
            provider: payment.provider,
            decline_reason: payment.decline_reason.map(decline_name),
            refunds: payment.refunds.into_iter().map(RefundBody::from).collect(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl From<Refund> for RefundBody {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            payment_id: refund.payment_id,
            status: match refund.status {
                RefundStatus::Pending => "pending",
                RefundStatus::Completed => "completed",
                RefundStatus::Failed => "failed",
            },
            amount: refund.amount.into(),
            reason: refund.reason,
            created_at: refund.created_at,
        }
    }
}

/// The reason in the words of the API.
pub(super) fn decline_name(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::CardDeclined => "card_declined",
        DeclineReason::InsufficientFunds => "insufficient_funds",
        DeclineReason::InvalidToken => "invalid_token",
        DeclineReason::ProviderFailure => "provider_failure",
    }
}
