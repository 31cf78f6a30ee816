//! What orders tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{OrderId, PaymentId, ProductId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::quantity::Quantity;
use crate::ports::shared::events::{Event, events};

events!(
    OrderCreated,
    OrderConfirmed,
    OrderCancelled,
    OrderShipped,
    OrderDelivered
);

/// So many pieces of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderedLine {
    /// Of what.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// What one piece cost.
    pub unit_price: Money,
}

/// An order was placed; nothing is settled yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCreated {
    /// Which.
    pub order_id: OrderId,
    /// Who bought.
    pub customer_id: UserId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// What was bought.
    pub lines: Vec<OrderedLine>,
    /// What is to be paid.
    pub total: Money,
}

impl Event for OrderCreated {
    const TYPE: &'static str = "order.created";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}

/// Stock and money are settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderConfirmed {
    /// Which.
    pub order_id: OrderId,
    /// Who bought.
    pub customer_id: UserId,
    /// What is to be paid.
    pub total: Money,
}

impl Event for OrderConfirmed {
    const TYPE: &'static str = "order.confirmed";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}

/// The order did not come about, or was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancelled {
    /// Which.
    pub order_id: OrderId,
    /// Who had bought.
    pub customer_id: UserId,
    /// Why.
    pub reason: String,
}

impl Event for OrderCancelled {
    const TYPE: &'static str = "order.cancelled";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}

/// The order is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderShipped {
    /// Which.
    pub order_id: OrderId,
    /// Who bought.
    pub customer_id: UserId,
}

impl Event for OrderShipped {
    const TYPE: &'static str = "order.shipped";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}

/// The order arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDelivered {
    /// Which.
    pub order_id: OrderId,
    /// Who bought.
    pub customer_id: UserId,
}

impl Event for OrderDelivered {
    const TYPE: &'static str = "order.delivered";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}
