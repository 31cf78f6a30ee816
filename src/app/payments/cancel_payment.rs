//! Gives the money of an order back, whatever has happened to it so far.

use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::domains::payments::payment::{Payment, PaymentTerms};
use crate::domains::payments::refund::{Refund, RefundReason, RefundStatus};
use crate::domains::payments::status::PaymentStatus;
use crate::domains::shared::ids::{PaymentId, RefundId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::{CancelPayment, ProcessPayment, ProcessPaymentError};
use crate::ports::payments::outbound::ChargeState;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Whether there is more to do.
enum Progress {
    /// Nothing is held, and all that was taken is back.
    Done,
    /// One step was taken: look again.
    GoOn,
}

impl Handler<CancelPayment> for PaymentsService {
    /// Each round reads where the payment stands and takes one step towards an end, so that a crash after any step, or
    /// somebody who captures or refunds at the same time, is only another place to go on from.
    fn handle(&self, cx: &CallContext, op: CancelPayment) -> Result<(), Failure<Never>> {
        for _ in 0..ROUNDS_MAX {
            match self.cancel(cx, &op) {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::GoOn) | Err(Unsettled::Changed) => {}
                Err(unsettled) => return Err(unsettled.into()),
            }
        }
        Err(Failure::Overloaded)
    }
}

impl PaymentsService {
    fn cancel(&self, cx: &CallContext, op: &CancelPayment) -> Result<Progress, Unsettled> {
        let Some(payment) = self.store.find(op.payment_id)? else {
            return self.remember_as_voided(op);
        };
        match payment.status() {
            PaymentStatus::Failed | PaymentStatus::Voided | PaymentStatus::Refunded => Ok(Progress::Done),
            PaymentStatus::Pending | PaymentStatus::Authorized => self.let_go(cx, payment),
            PaymentStatus::Completed | PaymentStatus::PartiallyRefunded => self.refund_rest(cx, payment, &op.reason),
        }
    }

    /// The provider need not hear of it: every attempt is committed before the provider is asked, so it has never been
    /// asked for this payment, and behind this row it never will be.
    fn remember_as_voided(&self, op: &CancelPayment) -> Result<Progress, Unsettled> {
        let terms = PaymentTerms {
            id: op.payment_id,
            order_id: op.order_id,
            customer_id: op.customer_id,
            amount: op.amount,
        };
        let mut payment = Payment::given_up(terms, self.provider.name(), self.clock.now())
            .map_err(|error| Unsettled::Contradiction(error.to_string()))?;
        match self.store.insert(&mut payment, &UnitOfWork::none()) {
            Ok(()) => Ok(Progress::Done),
            Err(StorageError::Duplicate { .. }) => match self.store.find(op.payment_id)? {
                Some(_) => Ok(Progress::GoOn),
                // The order's payment is another one. This one can never be written, so there is nothing to remember.
                None => Ok(Progress::Done),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// First the provider, then the row: a voided row proves that the provider holds nothing.
    fn let_go(&self, cx: &CallContext, payment: Payment) -> Result<Progress, Unsettled> {
        let may_be_held = payment.status() == PaymentStatus::Authorized || payment.attempt().is_some();
        let state = if may_be_held {
            self.void_held(&payment)?.state
        } else {
            ChargeState::Voided
        };
        match state {
            ChargeState::Voided | ChargeState::Declined(_) => {
                self.record_let_go(payment)?;
                Ok(Progress::Done)
            }
            ChargeState::Captured => {
                self.record_taken(cx, payment, self.clock.now())?;
                Ok(Progress::GoOn)
            }
            ChargeState::Authorized => Err(Unsettled::Contradiction(format!(
                "the provider does not void {}",
                payment.provider_key()
            ))),
        }
    }

    /// Records that nothing is held, and tells the customer's request that waits.
    pub(super) fn record_let_go(&self, mut payment: Payment) -> Result<(), Unsettled> {
        let now = self.clock.now();
        let status = messages::status(PaymentStatus::Voided);
        let outcome = Err(ProcessPaymentError::NotPending { status });
        let answer = self.answer_to::<ProcessPayment>(payment.waiting_request(), &outcome, now)?;
        payment.void(now)?;
        self.store.update(&mut payment, &UnitOfWork::none().with_key(answer))?;
        Ok(())
    }

    /// Too late to let it go: it was taken, so the customer's request that asked for it has succeeded.
    fn record_taken(&self, cx: &CallContext, mut payment: Payment, now: Timestamp) -> Result<(), Unsettled> {
        let request = payment.waiting_request().cloned();
        if payment.status() == PaymentStatus::Pending {
            payment.authorize(now)?;
        }
        payment.complete(now)?;
        let outcome = Ok(messages::payment(&payment));
        let answer = self.answer_to::<ProcessPayment>(request.as_ref(), &outcome, now)?;
        let event = EventRecord::of(&messages::completed(&payment), cx, &*self.ids, now);
        self.store
            .update(&mut payment, &UnitOfWork::events(vec![event]).with_key(answer))?;
        Ok(())
    }

    /// Refunds under way come first: what is left is known only when they have ended.
    fn refund_rest(&self, cx: &CallContext, mut payment: Payment, reason: &str) -> Result<Progress, Unsettled> {
        let rest = payment.rest_refund_id();
        let pending = payment
            .refunds()
            .iter()
            .find(|refund| refund.status() == RefundStatus::Pending);
        if let Some(id) = pending.map(Refund::id) {
            return self.end_refund(cx, payment.id(), id);
        }
        if let Some(refund) = payment.refund(rest) {
            let what = refund.status().name();
            return Err(Unsettled::Contradiction(format!(
                "{rest} is {what}, and {} is not back",
                payment.refundable()
            )));
        }
        let reason = RefundReason::new(reason).unwrap_or_else(|_unfit| RefundReason::order_cancelled());
        payment
            .request_refund(rest, None, reason, None, self.clock.now())
            .map_err(|refused| Unsettled::Contradiction(refused.to_string()))?;
        self.store.add_refund(&mut payment, rest, &UnitOfWork::none())?;
        self.end_refund(cx, payment.id(), rest)
    }

    /// Done or refused: where the payment stands by then, the next round sees.
    fn end_refund(&self, cx: &CallContext, payment_id: PaymentId, id: RefundId) -> Result<Progress, Unsettled> {
        match self.carry_out_refund(cx, payment_id, id)? {
            Ok(_) | Err(_) => Ok(Progress::GoOn),
        }
    }
}
