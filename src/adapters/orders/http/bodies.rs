//! Bodies that several endpoints of orders share.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problems::name;
use crate::adapters::shared::http::money::MoneyBody;
use crate::adapters::shared::http::postal_address::PostalAddressBody;
use crate::domains::shared::ids::{OrderId, PaymentId, ProductId, UserId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::orders::operations::{Order, OrderLine, OrderStatus};

/// An order. Names and prices are the order's own copy.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderBody {
    /// Its id.
    #[schema(value_type = String, example = "ord_01h2e8kqvbfwea724h75qc655w")]
    id: OrderId,
    /// Who bought.
    #[schema(value_type = String, example = "usr_01h2e8kqvbfwea724h75qc655w")]
    customer_id: UserId,
    /// `pending`, `confirmed`, `shipped`, `delivered` or `cancelled`.
    #[schema(example = "confirmed")]
    status: &'static str,
    /// What was bought, each product once.
    items: Vec<OrderItemBody>,
    /// Sum of the items.
    subtotal: MoneyBody,
    /// Tax on the subtotal.
    tax: MoneyBody,
    /// What the parcel costs.
    shipping: MoneyBody,
    /// What is to be paid.
    total: MoneyBody,
    /// Where it goes.
    shipping_address: PostalAddressBody,
    /// Its payment.
    #[schema(value_type = String, example = "pay_01h2e8kqvbfwea724h75qc655w")]
    payment_id: PaymentId,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<String>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderItemBody {
    /// Of what.
    #[schema(value_type = String, example = "prd_01h2e8kqvbfwea724h75qc655w")]
    product_id: ProductId,
    /// The shop's own name of it, then.
    #[schema(example = "MILK-1L")]
    sku: String,
    /// Its name, then.
    #[schema(example = "Whole Milk")]
    name: String,
    /// How many.
    #[schema(example = 2)]
    quantity: u32,
    /// What one piece cost, then.
    unit_price: MoneyBody,
    /// What the line costs.
    total: MoneyBody,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            customer_id: order.customer_id,
            status: name(order.status),
            items: order.lines.into_iter().map(OrderItemBody::from).collect(),
            subtotal: order.subtotal.into(),
            tax: order.tax.into(),
            shipping: order.shipping.into(),
            total: order.total.into(),
            shipping_address: order.shipping_address.into(),
            payment_id: order.payment_id,
            cancel_reason: order.cancel_reason,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl From<OrderLine> for OrderItemBody {
    fn from(line: OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            sku: line.sku.to_string(),
            name: line.name,
            quantity: line.quantity.get(),
            unit_price: line.unit_price.into(),
            total: line.total.into(),
        }
    }
}

/// Where an order can stand.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusInput {
    /// Placed; stock or payment are not settled yet.
    Pending,
    /// Stock and money are settled.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Did not come about, or was called off.
    Cancelled,
}

impl From<StatusInput> for OrderStatus {
    fn from(status: StatusInput) -> Self {
        match status {
            StatusInput::Pending => Self::Pending,
            StatusInput::Confirmed => Self::Confirmed,
            StatusInput::Shipped => Self::Shipped,
            StatusInput::Delivered => Self::Delivered,
            StatusInput::Cancelled => Self::Cancelled,
        }
    }
}
