//! From the order to what is published of it.

use crate::domains::orders::order::{Line, Order};
use crate::domains::orders::status::Status;
use crate::ports::orders::operations;

/// The order as its callers see it.
pub(super) fn published(order: &Order) -> operations::Order {
    let data = order.data();
    operations::Order {
        id: data.ids.order,
        customer_id: data.customer_id,
        status: published_status(data.status),
        lines: data.lines.iter().map(published_line).collect(),
        subtotal: data.totals.subtotal,
        tax: data.totals.tax,
        shipping: data.totals.shipping,
        total: data.totals.total,
        shipping_address: data.shipping_address.clone(),
        payment_id: data.ids.payment,
        cancel_reason: data.cancel_reason.clone(),
        version: data.version,
        created_at: data.created_at,
        updated_at: data.updated_at,
    }
}

fn published_line(line: &Line) -> operations::OrderLine {
    operations::OrderLine {
        product_id: line.product_id,
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price,
        total: line.total,
    }
}

/// The state in the words of the contract.
pub(super) fn published_status(status: Status) -> operations::OrderStatus {
    match status {
        Status::Pending => operations::OrderStatus::Pending,
        Status::Confirmed => operations::OrderStatus::Confirmed,
        Status::Shipped => operations::OrderStatus::Shipped,
        Status::Delivered => operations::OrderStatus::Delivered,
        Status::Cancelled => operations::OrderStatus::Cancelled,
    }
}

/// The state that a caller means.
pub(super) fn domain_status(status: operations::OrderStatus) -> Status {
    match status {
        operations::OrderStatus::Pending => Status::Pending,
        operations::OrderStatus::Confirmed => Status::Confirmed,
        operations::OrderStatus::Shipped => Status::Shipped,
        operations::OrderStatus::Delivered => Status::Delivered,
        operations::OrderStatus::Cancelled => Status::Cancelled,
    }
}
