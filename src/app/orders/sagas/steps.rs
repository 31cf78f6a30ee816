//! The steps that the sagas of orders are made of. Each may run twice.

use super::super::OrdersService;
use super::Purchase;
use crate::app::shared::saga::{StepFailure, step_failure};
use crate::ports::inventory::operations::{
    CommitReservation, EndReservationError, ReleaseReservation, ReserveStock, ReserveStockError, ReturnStock, Shortage,
};
use crate::ports::orders::operations::{OrderShortage, PlaceOrderError};
use crate::ports::payments::operations::{
    AuthorizePayment, AuthorizePaymentError, CancelPayment, CapturePayment, CapturePaymentError, DeclineReason,
    PaymentEnded, RequestPayment,
};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Never;

type StepResult = Result<(), StepFailure>;

/// inventory: hold the stock.
pub(super) fn reserve_stock(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = ReserveStock {
        reservation_id: state.reservation_id,
        order_id: state.order_id,
        lines: state.lines.clone(),
        expires_at: state.reserved_until,
    };
    orders.0.inventory.handle(cx, op).map_err(|failure| {
        step_failure(failure, |error| match error {
            ReserveStockError::OutOfStock(shortages) => {
                let shortages = shortages.into_iter().map(order_shortage).collect();
                refused(
                    state,
                    PlaceOrderError::OutOfStock {
                        order_id: state.order_id,
                        shortages,
                    },
                    "out of stock",
                )
            }
            ReserveStockError::ReservationEnded => abandoned(state, "the reservation has ended"),
        })
    })
}

/// Undo of [`reserve_stock`].
pub(super) fn release_stock(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = ReleaseReservation {
        reservation_id: state.reservation_id,
        order_id: state.order_id,
    };
    orders
        .0
        .inventory
        .handle(cx, op)
        .or_else(|failure| fine_if_ended(step_failure(failure, ended)))
}

/// payments: have the provider hold the money.
pub(super) fn authorize_payment(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = AuthorizePayment {
        payment_id: state.payment_id,
        order_id: state.order_id,
        customer_id: state.customer_id,
        amount: state.amount,
        token: state.token.clone().unwrap_or_default(),
    };
    orders.0.payments.handle(cx, op).map_err(|failure| {
        step_failure(failure, |error| match error {
            AuthorizePaymentError::Declined(reason) => {
                let reason = decline_name(reason).to_owned();
                let refusal = PlaceOrderError::PaymentDeclined {
                    order_id: state.order_id,
                    reason: reason.clone(),
                };
                refused(state, refusal, &reason)
            }
            AuthorizePaymentError::Ended => abandoned(state, "the payment has ended"),
        })
    })
}

/// payments: open a payment that the customer makes later.
pub(super) fn request_payment(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = RequestPayment {
        payment_id: state.payment_id,
        order_id: state.order_id,
        customer_id: state.customer_id,
        amount: state.amount,
    };
    orders
        .0
        .payments
        .handle(cx, op)
        .map_err(|failure| step_failure(failure, |PaymentEnded::Ended| abandoned(state, "the payment has ended")))
}

/// Undo of everything that concerns money: whatever was held or taken goes back.
pub(super) fn cancel_payment(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = CancelPayment {
        payment_id: state.payment_id,
        order_id: state.order_id,
        customer_id: state.customer_id,
        amount: state.amount,
        reason: "order cancelled".to_owned(),
    };
    orders
        .0
        .payments
        .handle(cx, op)
        .map_err(|failure| step_failure(failure, |never: Never| match never {}))
}

/// inventory: the stock is sold.
pub(super) fn commit_reservation(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = CommitReservation {
        reservation_id: state.reservation_id,
    };
    orders.0.inventory.handle(cx, op).map_err(|failure| {
        step_failure(failure, |error| match error {
            EndReservationError::NotFound | EndReservationError::EndedOtherwise => {
                abandoned(state, "the reservation has expired")
            }
        })
    })
}

/// Undo of [`commit_reservation`]. Lets go first: behind that a late commit is refused, so that what is not sold by now
/// never will be, and what is sold is there to be returned.
pub(super) fn return_stock(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    release_stock(orders, cx, state)?;
    let op = ReturnStock {
        reservation_id: state.reservation_id,
    };
    orders
        .0
        .inventory
        .handle(cx, op)
        .or_else(|failure| fine_if_ended(step_failure(failure, ended)))
}

/// payments: take the money that is held.
pub(super) fn capture_payment(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> StepResult {
    let op = CapturePayment {
        payment_id: state.payment_id,
    };
    orders.0.payments.handle(cx, op).map_err(|failure| {
        step_failure(failure, |error| match error {
            CapturePaymentError::NotFound | CapturePaymentError::NotAuthorized => {
                abandoned(state, "the authorization is gone")
            }
        })
    })
}

fn refused(state: &mut Purchase, refusal: PlaceOrderError, reason: &str) -> StepFailure {
    state.refusal = Some(refusal);
    StepFailure::Refused(reason.to_owned())
}

fn abandoned(state: &mut Purchase, reason: &str) -> StepFailure {
    refused(
        state,
        PlaceOrderError::Abandoned {
            order_id: state.order_id,
        },
        reason,
    )
}

/// To an undo, a reservation that is not there or has ended otherwise is one that holds nothing.
fn ended(error: EndReservationError) -> StepFailure {
    match error {
        EndReservationError::NotFound => StepFailure::Refused("there is no such reservation".to_owned()),
        EndReservationError::EndedOtherwise => StepFailure::Refused("the reservation has ended".to_owned()),
    }
}

fn fine_if_ended(failure: StepFailure) -> StepResult {
    match failure {
        StepFailure::Refused(_nothing_held) => Ok(()),
        other => Err(other),
    }
}

fn order_shortage(shortage: Shortage) -> OrderShortage {
    let Shortage {
        product_id,
        requested,
        available,
    } = shortage;
    OrderShortage {
        product_id,
        requested,
        available,
    }
}

/// The reason's name in the contract of orders.
fn decline_name(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::CardDeclined => "card_declined",
        DeclineReason::InsufficientFunds => "insufficient_funds",
        DeclineReason::InvalidToken => "invalid_token",
        DeclineReason::ProviderFailure => "provider_failure",
    }
}
