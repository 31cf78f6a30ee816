//! Settling: an order that waited for its payment, and was paid.

use super::super::OrdersService;
use super::checkout::{cancel_order, confirm_order};
use super::steps::{cancel_payment, commit_reservation, release_stock, return_stock};
use super::{Purchase, PurchaseSaga, last_record};
use crate::app::shared::saga::{Action, Definition, Step, StepFailure, Undo};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::saga::SagaRecord;

/// Begun by `payment.completed`. When the stock is gone by then, the money goes back.
pub(crate) static SETTLE: PurchaseSaga = Definition {
    kind: "settle",
    steps: &[
        Step {
            name: "payment_was_made",
            action: Action::Happened,
            undo: Undo::Outside(let_go),
        },
        Step {
            name: "commit_reservation",
            action: Action::Outside(commit_reservation),
            undo: Undo::Outside(return_stock),
        },
    ],
    finish: confirm_at_last,
    fail: Some(cancel_order),
};

/// Undo of what was before: the stock that the order holds, and the money. Not only where the stock was about to be
/// committed: from whichever step it goes back, nothing may stay held until the reservation expires.
fn let_go(orders: &OrdersService, cx: &CallContext, state: &mut Purchase) -> Result<(), StepFailure> {
    release_stock(orders, cx, state)?;
    cancel_payment(orders, cx, state)
}

fn confirm_at_last(
    orders: &OrdersService,
    cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let record = last_record(record, state);
    confirm_order(orders, cx, state, record)
}
