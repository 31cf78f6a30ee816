//! What payments tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operations::DeclineReason;
use crate::domains::shared::ids::{OrderId, PaymentId, RefundId};
use crate::domains::shared::money::Money;
use crate::ports::shared::events::{Event, events};

events!(PaymentCompleted, PaymentFailed, PaymentRefunded);

/// The amount was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCompleted {
    /// Which payment.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}

impl Event for PaymentCompleted {
    const TYPE: &'static str = "payment.completed";

    fn subject(&self) -> String {
        self.payment_id.to_string()
    }
}

/// The amount was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentFailed {
    /// Which payment.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// How much it would have been.
    pub amount: Money,
    /// Why.
    pub reason: DeclineReason,
}

impl Event for PaymentFailed {
    const TYPE: &'static str = "payment.failed";

    fn subject(&self) -> String {
        self.payment_id.to_string()
    }
}

/// Money went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// Which payment.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// By which refund.
    pub refund_id: RefundId,
    /// How much, this time.
    pub amount: Money,
    /// How much, in all.
    pub refunded_total: Money,
}

impl Event for PaymentRefunded {
    const TYPE: &'static str = "payment.refunded";

    fn subject(&self) -> String {
        self.payment_id.to_string()
    }
}
