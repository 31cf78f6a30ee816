//! Takes the amount that is held, for the checkout of an order.

use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::payments::status::PaymentStatus;
use crate::ports::payments::operations::{CapturePayment, CapturePaymentError};
use crate::ports::payments::outbound::ChargeState;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<CapturePayment> for PaymentsService {
    /// The row says `authorized` before the provider is asked, so a crash in between is made good by asking again.
    fn handle(&self, cx: &CallContext, op: CapturePayment) -> Result<(), Failure<CapturePaymentError>> {
        for _ in 0..ROUNDS_MAX {
            let payment = self.store.find(op.payment_id)?;
            let payment = payment.ok_or(Failure::Domain(CapturePaymentError::NotFound))?;
            let outcome = match payment.status() {
                status if status.was_captured() => return Ok(()),
                PaymentStatus::Authorized => self.capture(cx, payment),
                _ => return Err(Failure::Domain(CapturePaymentError::NotAuthorized)),
            };
            match outcome {
                Ok(outcome) => return outcome.map_err(Failure::Domain),
                Err(Unsettled::Changed) => {}
                Err(unsettled) => return Err(unsettled.into()),
            }
        }
        Err(Failure::Overloaded)
    }
}

impl PaymentsService {
    fn capture(&self, cx: &CallContext, mut payment: Payment) -> Result<Result<(), CapturePaymentError>, Unsettled> {
        let charge = self.capture_held(&payment)?;
        match charge.state {
            ChargeState::Captured => {
                self.record_capture(cx, &mut payment)?;
                Ok(Ok(()))
            }
            // Let go in the meantime: somebody cancels the payment at this moment.
            ChargeState::Voided => {
                self.record_let_go(payment)?;
                Ok(Err(CapturePaymentError::NotAuthorized))
            }
            ChargeState::Authorized | ChargeState::Declined(_) => Err(Unsettled::Contradiction(format!(
                "the provider does not capture {}: {charge:?}",
                charge.key
            ))),
        }
    }

    /// Records that the provider took what it held.
    pub(super) fn record_capture(&self, cx: &CallContext, payment: &mut Payment) -> Result<(), Unsettled> {
        let now = self.clock.now();
        payment.complete(now)?;
        let event = EventRecord::of(&messages::completed(payment), cx, &*self.ids, now);
        self.store.update(payment, &UnitOfWork::events(vec![event]))?;
        Ok(())
    }
}
