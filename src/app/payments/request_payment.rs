//! Opens a payment that its customer is to make later.

use super::PaymentsService;
use crate::domains::payments::payment::{Payment, PaymentTerms};
use crate::domains::payments::status::PaymentStatus;
use crate::ports::payments::operations::{PaymentEnded, RequestPayment};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<RequestPayment> for PaymentsService {
    /// Writes a pending payment; the provider is not asked. Found again, it is left as it is.
    fn handle(&self, _cx: &CallContext, op: RequestPayment) -> Result<(), Failure<PaymentEnded>> {
        let terms = PaymentTerms {
            id: op.payment_id,
            order_id: op.order_id,
            customer_id: op.customer_id,
            amount: op.amount,
        };
        let mut payment = Payment::requested(terms, self.provider.name(), self.clock.now())
            .map_err(|error| Failure::internal(error.to_string()))?;
        match self.store.insert(&mut payment, &UnitOfWork::none()) {
            Err(StorageError::Duplicate { .. }) => {}
            other => return Ok(other?),
        }
        match self.store.find(op.payment_id)? {
            Some(known) if *known.terms() == terms && !has_ended(known.status()) => Ok(()),
            Some(_) | None => Err(Failure::Domain(PaymentEnded::Ended)),
        }
    }
}

fn has_ended(status: PaymentStatus) -> bool {
    matches!(
        status,
        PaymentStatus::Failed | PaymentStatus::Voided | PaymentStatus::Refunded
    )
}
