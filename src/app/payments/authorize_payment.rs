//! Has the provider hold an amount, for the checkout of an order.

use super::settle_attempt::Settled;
use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::{Payment, PaymentTerms};
use crate::domains::payments::status::PaymentStatus;
use crate::ports::payments::operations::{AuthorizePayment, AuthorizePaymentError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

type Authorized = Result<(), AuthorizePaymentError>;

impl Handler<AuthorizePayment> for PaymentsService {
    /// Commits the attempt, asks the provider, commits the outcome. A payment that is found pending may have been
    /// asked for by a process that crashed: the provider is asked what it has of it before it is asked for anything.
    fn handle(&self, cx: &CallContext, op: AuthorizePayment) -> Result<(), Failure<AuthorizePaymentError>> {
        let terms = PaymentTerms {
            id: op.payment_id,
            order_id: op.order_id,
            customer_id: op.customer_id,
            amount: op.amount,
        };
        for _ in 0..ROUNDS_MAX {
            match self.authorize(cx, &terms, &op.token) {
                Ok(outcome) => return outcome.map_err(Failure::Domain),
                Err(Unsettled::Changed) => {}
                Err(unsettled) => return Err(unsettled.into()),
            }
        }
        Err(Failure::Overloaded)
    }
}

impl PaymentsService {
    fn authorize(&self, cx: &CallContext, terms: &PaymentTerms, token: &str) -> Result<Authorized, Unsettled> {
        let Some(payment) = self.store.find(terms.id)? else {
            return self.authorize_first(cx, terms, token);
        };
        if payment.terms() != terms {
            return Ok(Err(AuthorizePaymentError::Ended));
        }
        match payment.status() {
            PaymentStatus::Authorized | PaymentStatus::Completed | PaymentStatus::PartiallyRefunded => Ok(Ok(())),
            PaymentStatus::Voided | PaymentStatus::Refunded => Ok(Err(AuthorizePaymentError::Ended)),
            PaymentStatus::Failed => Ok(Err(declined(payment.decline_reason()))),
            // A payment that its customer makes is none that a checkout makes.
            PaymentStatus::Pending if payment.attempt().is_none_or(|attempt| attempt.request.is_some()) => {
                Ok(Err(AuthorizePaymentError::Ended))
            }
            PaymentStatus::Pending => self.authorize_again(cx, payment, token),
        }
    }

    fn authorize_first(&self, cx: &CallContext, terms: &PaymentTerms, token: &str) -> Result<Authorized, Unsettled> {
        let mut payment = Payment::attempted(*terms, self.provider.name(), self.clock.now())
            .map_err(|error| Unsettled::Contradiction(error.to_string()))?;
        match self.store.insert(&mut payment, &UnitOfWork::none()) {
            Ok(()) => {}
            Err(StorageError::Duplicate { .. }) => {
                // The same payment by somebody faster, or another payment of this order.
                return match self.store.find(terms.id)? {
                    Some(_) => Err(Unsettled::Changed),
                    None => Ok(Err(AuthorizePaymentError::Ended)),
                };
            }
            Err(error) => return Err(error.into()),
        }
        let settled = self.attempt(&mut payment, token)?;
        self.record_authorization(cx, payment, settled)
    }

    fn authorize_again(&self, cx: &CallContext, mut payment: Payment, token: &str) -> Result<Authorized, Unsettled> {
        let settled = self.take_up(&mut payment, token)?;
        self.record_authorization(cx, payment, settled)
    }

    /// Records what came of the attempt of a checkout.
    pub(super) fn record_authorization(
        &self,
        cx: &CallContext,
        mut payment: Payment,
        settled: Settled,
    ) -> Result<Authorized, Unsettled> {
        let now = self.clock.now();
        let (outcome, events) = match settled {
            // Taken already: the checkout that asked for the capture asks again and finds it.
            Settled::Held | Settled::Taken => {
                payment.authorize(now)?;
                (Ok(()), Vec::new())
            }
            Settled::Refused(reason) => {
                payment.fail(reason, now)?;
                let event = EventRecord::of(&messages::failed(&payment, reason), cx, &*self.ids, now);
                (Err(declined(Some(reason))), vec![event])
            }
        };
        self.store.update(&mut payment, &UnitOfWork::events(events))?;
        Ok(outcome)
    }
}

fn declined(reason: Option<DeclineReason>) -> AuthorizePaymentError {
    let reason = reason.unwrap_or(DeclineReason::ProviderFailure);
    AuthorizePaymentError::Declined(messages::decline_reason(reason))
}
