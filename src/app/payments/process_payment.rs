//! Makes a payment that was requested: the customer pays.

use super::settle_attempt::Settled;
use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::app::shared::idempotent::{Begun, Claim, Outcome, after_lost_race, after_refusal, begin, into_result};
use crate::domains::payments::attempt::RequestKey;
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::{AttemptRefused, Payment as PaymentAggregate};
use crate::ports::payments::operations::{Payment, ProcessPayment, ProcessPaymentError};
use crate::ports::payments::outbound::ChargeState;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<ProcessPayment> for PaymentsService {
    /// First the attempt is written with the key in flight; then the provider holds and takes the amount; then the
    /// outcome and the answer are written. A refused attempt leaves the payment pending, for another.
    fn handle(&self, cx: &CallContext, op: ProcessPayment) -> Result<Payment, Failure<ProcessPaymentError>> {
        let claim = match begin(&*self.keys, cx, &op, self.clock.now())? {
            Begun::Replayed(outcome) => return into_result::<ProcessPayment>(outcome),
            Begun::Fresh(claim) => claim,
        };
        let record = claim.clone().into_record();
        let request = RequestKey {
            scope: record.scope,
            key: record.key.as_str().to_owned(),
        };
        for _ in 0..ROUNDS_MAX {
            let payment = self.store.find_by_order(op.order_id)?;
            let mut payment = payment
                .filter(|payment| cx.principal.user_id() == Some(payment.customer_id()))
                .ok_or(Failure::Domain(ProcessPaymentError::NotFound))?;
            let begun = match self.begin_attempt(&mut payment, &request, &claim) {
                Ok(begun) => begun,
                Err(refusal) => return after_refusal(&*self.keys, cx, &op, self.clock.now(), refusal),
            };
            match begun {
                Ok(()) => return self.pay(cx, &op, payment, &request),
                Err(StorageError::Stale) => {}
                Err(StorageError::Duplicate { constraint }) => {
                    return match after_lost_race(&*self.keys, cx, &op, self.clock.now())? {
                        Some(outcome) => into_result::<ProcessPayment>(outcome),
                        None => Err(StorageError::Duplicate { constraint }.into()),
                    };
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::Overloaded)
    }
}

impl PaymentsService {
    fn begin_attempt(
        &self,
        payment: &mut PaymentAggregate,
        request: &RequestKey,
        claim: &Claim,
    ) -> Result<Result<(), StorageError>, Failure<ProcessPaymentError>> {
        payment
            .begin_attempt(Some(request.clone()), self.clock.now())
            .map_err(|refused| {
                Failure::Domain(match refused {
                    AttemptRefused::NotPending { status } => ProcessPaymentError::NotPending {
                        status: messages::status(status),
                    },
                    AttemptRefused::UnderWay => ProcessPaymentError::Busy,
                })
            })?;
        Ok(self
            .store
            .update(payment, &UnitOfWork::none().with_key(Some(claim.in_flight()))))
    }

    fn pay(
        &self,
        cx: &CallContext,
        op: &ProcessPayment,
        mut payment: PaymentAggregate,
        request: &RequestKey,
    ) -> Result<Payment, Failure<ProcessPaymentError>> {
        let mut settled = self.attempt(&mut payment, &op.token);
        for _ in 0..ROUNDS_MAX {
            match settled.and_then(|settled| self.record_processing(cx, payment, settled)) {
                Ok(outcome) => return into_result::<ProcessPayment>(outcome),
                Err(Unsettled::Changed) => {}
                Err(unsettled) => return Err(unsettled.after_begun()),
            }
            // Somebody else is at the attempt, or has ended it and answered the key.
            let current = self.store.find_by_order(op.order_id)?;
            let Some(current) = current.filter(|current| current.waiting_request() == Some(request)) else {
                return match begin(&*self.keys, cx, op, self.clock.now())? {
                    Begun::Replayed(outcome) => into_result::<ProcessPayment>(outcome),
                    Begun::Fresh(_) => Err(Failure::internal(format!("the key of {} is gone", op.order_id))),
                };
            };
            payment = current;
            settled = self.settle(&mut payment);
        }
        Err(Failure::Timeout)
    }

    /// Takes what is held, and records what came of a customer's attempt together with the answer to the request.
    pub(super) fn record_processing(
        &self,
        cx: &CallContext,
        mut payment: PaymentAggregate,
        settled: Settled,
    ) -> Result<Outcome<ProcessPayment>, Unsettled> {
        let settled = match settled {
            Settled::Held => self.take_held(&payment)?,
            Settled::Taken | Settled::Refused(_) => settled,
        };
        let request = payment.waiting_request().cloned();
        let now = self.clock.now();
        let mut events = Vec::new();
        let outcome = match settled {
            Settled::Refused(reason) => {
                payment.decline_attempt(now);
                Err(ProcessPaymentError::Declined(messages::decline_reason(reason)))
            }
            Settled::Held | Settled::Taken => {
                payment.authorize(now)?;
                payment.complete(now)?;
                events.push(EventRecord::of(&messages::completed(&payment), cx, &*self.ids, now));
                Ok(messages::payment(&payment))
            }
        };
        let answer = self.answer_to::<ProcessPayment>(request.as_ref(), &outcome, now)?;
        self.store
            .update(&mut payment, &UnitOfWork::events(events).with_key(answer))?;
        Ok(outcome)
    }

    fn take_held(&self, payment: &PaymentAggregate) -> Result<Settled, Unsettled> {
        let charge = self.capture_held(payment)?;
        match charge.state {
            ChargeState::Captured => Ok(Settled::Taken),
            // Let go in the meantime: somebody cancels the payment at this moment.
            ChargeState::Voided => Ok(Settled::Refused(DeclineReason::ProviderFailure)),
            ChargeState::Authorized | ChargeState::Declined(_) => Err(Unsettled::Contradiction(format!(
                "the provider does not capture {}: {charge:?}",
                charge.key
            ))),
        }
    }
}
