//! Cancelling: an order that stood, or waited for its payment, is called off. Only goes forward: the order is cancelled
//! already when it begins, and what it held must go back.

use super::super::OrdersService;
use super::steps::{cancel_payment, return_stock};
use super::{Purchase, PurchaseSaga, last_record};
use crate::app::shared::saga::{Action, Definition, Step, StepFailure, Undo};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::saga::SagaRecord;
use crate::ports::shared::storage::{SagaWrite, UnitOfWork};

/// Gives back stock and money.
pub(crate) static CANCEL: PurchaseSaga = Definition {
    kind: "cancel",
    steps: &[
        Step {
            name: "return_stock",
            action: Action::Outside(return_stock),
            undo: Undo::Nothing,
        },
        Step {
            name: "cancel_payment",
            action: Action::Outside(cancel_payment),
            undo: Undo::Nothing,
        },
    ],
    finish,
    fail: None,
};

fn finish(
    orders: &OrdersService,
    _cx: &CallContext,
    state: &mut Purchase,
    record: SagaRecord,
) -> Result<(), StepFailure> {
    let record = last_record(record, state);
    orders
        .0
        .store
        .commit(&UnitOfWork::none().with_saga(SagaWrite::Advance(record)))?;
    Ok(())
}
