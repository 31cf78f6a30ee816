//! Gives money back, in full or in part.

use super::{PaymentsService, ROUNDS_MAX, messages};
use crate::app::shared::idempotent::{Begun, Claim, after_lost_race, after_refusal, begin, into_result};
use crate::domains::payments::attempt::RequestKey;
use crate::domains::payments::payment::{Payment, RefundRefused};
use crate::domains::payments::refund::RefundReason;
use crate::domains::payments::refund_rules::RefundAmountRefused;
use crate::domains::shared::ids::RefundId;
use crate::ports::payments::operations::{Refund, RefundPayment, RefundPaymentError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<RefundPayment> for PaymentsService {
    /// First the refund is written, pending, with the key in flight, under the guard that the sum of all refunds stays
    /// within what was captured; then the provider gives the money back; then the outcome and the answer are written.
    fn handle(&self, cx: &CallContext, op: RefundPayment) -> Result<Refund, Failure<RefundPaymentError>> {
        let claim = match begin(&*self.keys, cx, &op, self.clock.now())? {
            Begun::Replayed(outcome) => return into_result::<RefundPayment>(outcome),
            Begun::Fresh(claim) => claim,
        };
        let reason = RefundReason::new(&op.reason).map_err(|error| invalid("reason", error))?;
        let id: RefundId = self.ids.make();
        for _ in 0..ROUNDS_MAX {
            let payment = self.store.find(op.payment_id)?;
            let mut payment = payment.ok_or(Failure::Domain(RefundPaymentError::NotFound))?;
            let asked = match self.ask_for_refund(&mut payment, id, &op, &reason, &claim) {
                Ok(asked) => asked,
                Err(refusal) => return after_refusal(&*self.keys, cx, &op, self.clock.now(), refusal),
            };
            match asked {
                Ok(()) => {
                    return match self.carry_out_refund(cx, payment.id(), id) {
                        Ok(outcome) => into_result::<RefundPayment>(outcome),
                        Err(unsettled) => Err(unsettled.after_begun()),
                    };
                }
                Err(StorageError::Stale) => {}
                Err(StorageError::Duplicate { constraint }) => {
                    return match after_lost_race(&*self.keys, cx, &op, self.clock.now())? {
                        Some(outcome) => into_result::<RefundPayment>(outcome),
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
    fn ask_for_refund(
        &self,
        payment: &mut Payment,
        id: RefundId,
        op: &RefundPayment,
        reason: &RefundReason,
        claim: &Claim,
    ) -> Result<Result<(), StorageError>, Failure<RefundPaymentError>> {
        let record = claim.clone().into_record();
        let request = RequestKey {
            scope: record.scope,
            key: record.key.as_str().to_owned(),
        };
        payment
            .request_refund(id, op.amount, reason.clone(), Some(request), self.clock.now())
            .map_err(refused)?;
        Ok(self
            .store
            .add_refund(payment, id, &UnitOfWork::none().with_key(Some(claim.in_flight()))))
    }
}

fn refused(refused: RefundRefused) -> Failure<RefundPaymentError> {
    match refused {
        RefundRefused::NotRefundable { status } => Failure::Domain(RefundPaymentError::NotRefundable {
            status: messages::status(status),
        }),
        RefundRefused::Amount(RefundAmountRefused::ExceedsCaptured { refundable }) => {
            Failure::Domain(RefundPaymentError::ExceedsCaptured { refundable })
        }
        RefundRefused::Amount(
            rule @ (RefundAmountRefused::NotPositive | RefundAmountRefused::OtherCurrency { .. }),
        ) => invalid("amount", rule),
        RefundRefused::TooMany => invalid("amount", refused),
    }
}

fn invalid(field: &str, rule: impl std::fmt::Display) -> Failure<RefundPaymentError> {
    Failure::Domain(RefundPaymentError::Invalid {
        field: field.to_owned(),
        reason: rule.to_string(),
    })
}
