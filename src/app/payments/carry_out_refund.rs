//! From a refund that was asked for to one that has ended.

use super::provider_calls::RefundOutcome;
use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::domains::payments::refund::RefundStatus;
use crate::domains::shared::ids::{PaymentId, RefundId};
use crate::ports::payments::operations::{Refund, RefundPayment, RefundPaymentError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::storage::UnitOfWork;

impl PaymentsService {
    /// Has the provider give the money back, and records what came of it.
    pub(super) fn carry_out_refund(
        &self,
        cx: &CallContext,
        payment_id: PaymentId,
        refund_id: RefundId,
    ) -> Result<Result<Refund, RefundPaymentError>, Unsettled> {
        self.record_refund(cx, payment_id, refund_id, None)
    }

    /// Records what came of a refund together with the answer to the request that waits. Where that is not `known`, the
    /// provider is asked to give the money back. May be called by several at once and again after a crash at any point:
    /// the refund happens once.
    pub(super) fn record_refund(
        &self,
        cx: &CallContext,
        payment_id: PaymentId,
        refund_id: RefundId,
        mut known: Option<RefundOutcome>,
    ) -> Result<Result<Refund, RefundPaymentError>, Unsettled> {
        for _ in 0..ROUNDS_MAX {
            let missing = || Unsettled::Contradiction(format!("{refund_id} of {payment_id} is gone"));
            let mut payment = self.store.find(payment_id)?.ok_or_else(missing)?;
            let refund = payment.refund(refund_id).cloned().ok_or_else(missing)?;
            match refund.status() {
                RefundStatus::Completed => return Ok(Ok(messages::refund(payment_id, &refund))),
                RefundStatus::Failed => return Ok(Err(RefundPaymentError::Refused)),
                RefundStatus::Pending => {}
            }
            let outcome = match known {
                Some(outcome) => outcome,
                None => self.give_back(&payment, &refund)?,
            };
            known = Some(outcome);
            let now = self.clock.now();
            let mut events = Vec::new();
            let answer = match outcome {
                RefundOutcome::Done => {
                    payment.complete_refund(refund_id, now)?;
                    let refund = payment.refund(refund_id).ok_or_else(missing)?;
                    events.push(EventRecord::of(
                        &messages::refunded(&payment, refund),
                        cx,
                        &*self.ids,
                        now,
                    ));
                    Ok(messages::refund(payment_id, refund))
                }
                RefundOutcome::Refused => {
                    payment.fail_refund(refund_id, now)?;
                    Err(RefundPaymentError::Refused)
                }
            };
            let key = self.answer_to::<RefundPayment>(refund.request(), &answer, now)?;
            match self
                .store
                .update_refund(&mut payment, refund_id, &UnitOfWork::events(events).with_key(key))
            {
                Ok(()) => return Ok(answer),
                Err(error) => match Unsettled::from(error) {
                    Unsettled::Changed => {}
                    unsettled => return Err(unsettled),
                },
            }
        }
        Err(Unsettled::Changed)
    }
}
