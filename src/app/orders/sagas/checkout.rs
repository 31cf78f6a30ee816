//! Checkout: stock and money for an order, or neither.

use super::super::OrdersService;
use super::super::views::published;
use super::steps::{
    authorize_payment, cancel_payment, capture_payment, commit_reservation, release_stock, request_payment,
    reserve_stock, return_stock,
};
use super::{Purchase, PurchaseSaga, answered, last_record};
use crate::app::shared::saga::{Action, Definition, Step, StepFailure, Undo};
use crate::domains::orders::status::Status;
use crate::ports::orders::events::{OrderCancelled, OrderConfirmed};
use crate::ports::orders::operations::PlaceOrderError;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::saga::SagaRecord;
use crate::ports::shared::storage::{SagaWrite, UnitOfWork};

/// With a token: the purchase is settled when the client gets its answer.
pub(crate) static CHECKOUT: PurchaseSaga = Definition {
    kind: "checkout",
    steps: &[
        Step {
            name: "reserve_stock",
            action: Action::Outside(reserve_stock),
            undo: Undo::Outside(release_stock),
        },
        Step {
            name: "authorize_payment",
            action: Action::Outside(authorize_payment),
            undo: Undo::Outside(cancel_payment),
        },
        // Its undo is the last write of a saga that goes back: the order is cancelled.
        Step {
            name: "confirm_order",
            action: Action::Local(confirm_order),
            undo: Undo::Nothing,
        },
        Step {
            name: "commit_reservation",
            action: Action::Outside(commit_reservation),
            undo: Undo::Outside(return_stock),
        },
        // Undone with the authorization: cancelling a payment gives back what was taken.
        Step {
            name: "capture_payment",
            action: Action::Outside(capture_payment),
            undo: Undo::Nothing,
        },
    ],
    finish: answer_with_the_order,
    fail: Some(cancel_order),
};

/// Without a token: the order waits, its stock held, for its customer to pay (see [`super::settle`]).
pub(crate) static CHECKOUT_PAID_LATER: PurchaseSaga = Definition {
    kind: "checkout_paid_later",
    steps: &[
        Step {
            name: "reserve_stock",
            action: Action::Outside(reserve_stock),
            undo: Undo::Outside(release_stock),
        },
        Step {
            name: "request_payment",
            action: Action::Outside(request_payment),
            undo: Undo::Outside(cancel_payment),
        },
    ],
    finish: wait_for_payment,
    fail: Some(cancel_order),
};

/// Why an order does not come about that nobody refused.
const ABANDONED: &str = "abandoned";

/// The order stands.
pub(super) fn confirm_order(
    orders: &OrdersService,
    cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let now = orders.0.clock.now();
    let order = orders.order_of(state)?;
    if order.data().status == Status::Confirmed {
        // Twice is once.
        orders
            .0
            .store
            .commit(&UnitOfWork::none().with_saga(SagaWrite::Advance(record)))?;
        return Ok(());
    }
    let order = order.become_status(Status::Confirmed, now).map_err(|illegal| {
        state.refusal = Some(PlaceOrderError::Abandoned {
            order_id: state.order_id,
        });
        StepFailure::Refused(illegal.to_string())
    })?;
    let event = OrderConfirmed {
        order_id: state.order_id,
        customer_id: state.customer_id,
        total: order.data().totals.total,
    };
    let event = EventRecord::of(&event, cx, &*orders.0.ids, now);
    orders.0.store.update(
        &order,
        &UnitOfWork::events(vec![event]).with_saga(SagaWrite::Advance(record)),
    )?;
    Ok(())
}

fn answer_with_the_order(
    orders: &OrdersService,
    _cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let outcome = Ok(published(&orders.order_of(state)?));
    let key = answered(state.key.clone(), &outcome)?;
    let record = last_record(record, state);
    orders
        .0
        .store
        .commit(&UnitOfWork::none().with_key(key).with_saga(SagaWrite::Advance(record)))?;
    state.answer = Some(outcome);
    Ok(())
}

fn wait_for_payment(
    orders: &OrdersService,
    _cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let order = orders
        .order_of(state)?
        .with_awaiting_payment(true, orders.0.clock.now());
    let outcome = Ok(published(&order));
    let key = answered(state.key.clone(), &outcome)?;
    let record = last_record(record, state);
    orders.0.store.update(
        &order,
        &UnitOfWork::none().with_key(key).with_saga(SagaWrite::Advance(record)),
    )?;
    state.answer = Some(outcome);
    Ok(())
}

/// The order does not come about. Everything that was held has been let go by now.
pub(super) fn cancel_order(
    orders: &OrdersService,
    cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let now = orders.0.clock.now();
    let refusal = state.refusal.clone().unwrap_or(PlaceOrderError::Abandoned {
        order_id: state.order_id,
    });
    // A refusal's reason is for everybody. What else made it go back is for the operator, who has the saga: it may name
    // servers, and the order and its event are read by the customer and by others.
    let reason = record.reason.clone().filter(|_reason| state.refusal.is_some());
    let reason = reason.unwrap_or_else(|| ABANDONED.to_owned());
    let outcome = Err(refusal);
    let key = answered(state.key.clone(), &outcome)?;
    let record = last_record(record, state);
    let order = orders.order_of(state)?;
    if order.data().status == Status::Cancelled {
        orders
            .0
            .store
            .commit(&UnitOfWork::none().with_key(key).with_saga(SagaWrite::Advance(record)))?;
    } else {
        let order = order
            .cancel(&reason, now)
            .map_err(|illegal| StepFailure::Retry(illegal.to_string()))?;
        let event = OrderCancelled {
            order_id: state.order_id,
            customer_id: state.customer_id,
            reason,
        };
        let event = EventRecord::of(&event, cx, &*orders.0.ids, now);
        let unit = UnitOfWork::events(vec![event])
            .with_key(key)
            .with_saga(SagaWrite::Advance(record));
        orders.0.store.update(&order, &unit)?;
    }
    state.answer = Some(outcome);
    Ok(())
}
