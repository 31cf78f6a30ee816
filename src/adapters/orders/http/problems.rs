//! What the business outcomes of orders are to a client.

use serde_json::json;

use crate::adapters::shared::http::conditional::version_mismatch;
use crate::adapters::shared::http::problem::{
    INVALID_CURSOR, IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds,
};
use crate::domains::shared::ids::OrderId;
use crate::ports::orders::operations::{
    CancelOrderError, GetOrderError, ListOrdersError, OrderShortage, OrderStatus, PlaceOrder, PlaceOrderError,
    SetOrderStatusError,
};

problem_kinds! {
    PAYMENT_DECLINED = 402 "payment_declined" "The payment was refused; the order is cancelled and nothing is held";
    ORDER_NOT_FOUND = 404 "order_not_found" "There is no such order";
    CUSTOMER_NOT_FOUND = 404 "customer_not_found" "There is no such customer";
    OUT_OF_STOCK = 409 "out_of_stock" "There is not enough; the order is cancelled and nothing is held";
    ORDER_ABANDONED = 409 "order_abandoned" "The order could not be brought to an end; nothing is held";
    ORDER_BUSY = 409 "order_busy" "The order is being placed or paid right now";
    ORDER_TOO_LATE = 409 "order_too_late" "The order is on its way already";
    ILLEGAL_TRANSITION = 409 "illegal_transition" "An order cannot go from this status to that";
    PRODUCTS_NOT_SOLD = 422 "products_not_sold" "Some of these products cannot be bought";
    MIXED_CURRENCIES = 422 "mixed_currencies" "The products' prices are in different currencies";
    ORDER_TOO_LARGE = 422 "order_too_large" "The order holds too much of a product or costs too much";
    NOTHING_TO_PAY = 422 "nothing_to_pay" "The order would cost nothing";
}

impl IntoProblem for PlaceOrderError {
    fn into_problem(self) -> Problem {
        match self {
            Self::ItemCount => Problem::new(VALIDATION_FAILED)
                .field("/items", format!("must have 1 to {} items", PlaceOrder::MAX_ITEMS)),
            Self::ProductsNotSold(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Problem::new(PRODUCTS_NOT_SOLD).member("product_ids", ids)
            }
            Self::MixedCurrencies => Problem::new(MIXED_CURRENCIES),
            Self::TooLarge => Problem::new(ORDER_TOO_LARGE),
            Self::NothingToPay => Problem::new(NOTHING_TO_PAY),
            Self::OutOfStock { order_id, shortages } => out_of_stock(order_id, &shortages),
            Self::PaymentDeclined { order_id, reason } => Problem::new(PAYMENT_DECLINED)
                .member("order_id", order_id.to_string())
                .member("reason", reason),
            Self::Abandoned { order_id } => Problem::new(ORDER_ABANDONED)
                .detail("Try again with a new Idempotency-Key.")
                .member("order_id", order_id.to_string()),
        }
    }
}

/// `available` is that of the first product that is short: the whole answer where only one was wished.
fn out_of_stock(order_id: OrderId, shortages: &[OrderShortage]) -> Problem {
    let list: Vec<_> = shortages
        .iter()
        .map(|short| {
            json!({
                "product_id": short.product_id,
                "requested": short.requested,
                "available": short.available,
            })
        })
        .collect();
    let available = shortages.first().map_or(0, |short| short.available);
    Problem::new(OUT_OF_STOCK)
        .member("order_id", order_id.to_string())
        .member("available", available)
        .member("shortages", list)
}

impl IntoProblem for GetOrderError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(ORDER_NOT_FOUND),
        }
    }
}

impl IntoProblem for ListOrdersError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(CUSTOMER_NOT_FOUND),
            Self::InvalidCursor => Problem::new(INVALID_CURSOR),
        }
    }
}

impl IntoProblem for SetOrderStatusError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(ORDER_NOT_FOUND),
            Self::IllegalTransition { from, to } => Problem::new(ILLEGAL_TRANSITION)
                .member("from", name(from))
                .member("to", name(to)),
            Self::VersionMismatch { current } => version_mismatch(current),
        }
    }
}

impl IntoProblem for CancelOrderError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(ORDER_NOT_FOUND),
            Self::TooLate { status } => Problem::new(ORDER_TOO_LATE).member("order_status", name(status)),
            Self::Busy => Problem::new(ORDER_BUSY).retry_after_seconds(1),
        }
    }
}

/// The status in the words of the API.
pub(super) fn name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Shipped => "shipped",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Cancelled => "cancelled",
    }
}
