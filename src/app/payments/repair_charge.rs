//! Makes a payment and the provider's ledger agree again.

use super::comparison::Compared;
use super::provider_calls::RefundOutcome;
use super::unsettled::Unsettled;
use super::{PaymentsService, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::payments::reconciliation::{Repair, SETTLED_AFTER_MS};
use crate::domains::payments::refund::{Refund, RefundReason, RefundStatus};
use crate::domains::shared::ids::RefundId;
use crate::domains::shared::money::{Money, MoneyError};
use crate::ports::payments::operations::RepairCharge;
use crate::ports::payments::operations::reconciliation::RepairedCharge;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

/// Repairs that one key can need, and rounds that somebody else may win. One repair may bring another to light: what was
/// captured may also have gone back.
const ROUNDS_MAX: u32 = 8;

impl Handler<RepairCharge> for PaymentsService {
    /// Each round compares anew and carries out what that calls for, so that a crash after any step, or somebody else who
    /// is at it, is only another place to go on from. What cannot be repaired is left as it is found.
    fn handle(&self, cx: &CallContext, op: RepairCharge) -> Result<RepairedCharge, Failure<Never>> {
        let mut done = Vec::new();
        let mut left = None;
        for _round in 0..ROUNDS_MAX {
            // What was changed here just now need not settle.
            let settled_ms = if done.is_empty() { 0 } else { SETTLED_AFTER_MS };
            let compared = self.compare(&op.key, self.clock.now().plus_ms(settled_ms))?;
            let found = compared.under(&op.key);
            left = found.map(|found| compared.message(found));
            let Some(repair) = found.and_then(|found| found.repair) else {
                break;
            };
            match self.repair(cx, &compared, &op.key, repair) {
                Ok(()) => {
                    tracing::warn!(key = op.key, ?repair, "a payment was reconciled with the provider");
                    done.push(messages::repair(repair));
                }
                Err(Unsettled::Changed) => {}
                Err(Unsettled::Contradiction(why)) => {
                    tracing::error!(
                        key = op.key,
                        ?repair,
                        why,
                        "a payment cannot be reconciled: an operator must look"
                    );
                    break;
                }
                Err(unsettled) => return Err(unsettled.into()),
            }
        }
        Ok(RepairedCharge { done, left })
    }
}

impl PaymentsService {
    fn repair(&self, cx: &CallContext, seen: &Compared, key: &str, repair: Repair) -> Result<(), Unsettled> {
        let payment = || seen.payment.clone().ok_or_else(|| gone("payment", key));
        let charge = || seen.charge(key).ok_or_else(|| gone("charge", key));
        match repair {
            Repair::Void => self.empty(charge()?),
            Repair::GiveBack => self.give_back_rest(charge()?),
            Repair::Capture => self.capture_now(&payment()?),
            Repair::RecordCapture => self.record_capture(cx, &mut payment()?),
            Repair::RecordVoid => self.record_let_go(payment()?),
            Repair::RefundAgain => self.refund_again(&payment()?, charge()?),
            Repair::RecordRefund => self.record_foreign_refund(cx, payment()?, charge()?),
        }
    }

    fn empty(&self, charge: &ProviderCharge) -> Result<(), Unsettled> {
        let voided = self.void_under(&charge.key, charge.authorized)?;
        match voided.state {
            ChargeState::Authorized => Err(Unsettled::Contradiction(format!(
                "the provider does not void {}",
                charge.key
            ))),
            // Taken in the meantime: the next round gives it back.
            ChargeState::Captured => Err(Unsettled::Changed),
            ChargeState::Voided | ChargeState::Declined(_) => Ok(()),
        }
    }

    /// The key is made from that of the charge, and all that is left goes back under it: that can only happen once.
    fn give_back_rest(&self, charge: &ProviderCharge) -> Result<(), Unsettled> {
        let rest = charge.captured.minus(charge.refunded).map_err(not_a_sum)?;
        let refund_key = format!("{}-back", charge.key);
        self.insist_on_refund(&charge.key, &refund_key, rest)
    }

    fn capture_now(&self, payment: &Payment) -> Result<(), Unsettled> {
        let charge = self.capture_held(payment)?;
        match charge.state {
            ChargeState::Captured => Ok(()),
            // Let go in the meantime: then it is missing, and for a person.
            _ => Err(Unsettled::Changed),
        }
    }

    /// Only where the refunds that the provider does not have are all of the difference: else money would go back twice.
    fn refund_again(&self, payment: &Payment, charge: &ProviderCharge) -> Result<(), Unsettled> {
        let mut missing: Vec<&Refund> = Vec::new();
        let mut sum = charge.refunded;
        let completed = payment.refunds().iter();
        for refund in completed.filter(|refund| refund.status() == RefundStatus::Completed) {
            if self.find_refund(refund)?.is_none() {
                sum = sum.plus(refund.amount()).map_err(not_a_sum)?;
                missing.push(refund);
            }
        }
        if sum != payment.refunded() {
            return Err(Unsettled::Contradiction(format!(
                "with the refunds of {} that the provider does not have it would have given back {sum}, not {}",
                charge.key,
                payment.refunded()
            )));
        }
        for refund in missing {
            self.insist_on_refund(&charge.key, &refund.id().to_string(), refund.amount())?;
        }
        Ok(())
    }

    /// A refund that was made at the provider's desk. Guarded by the version of the payment: a refund of ours that began since
    /// both sides were read changes it.
    fn record_foreign_refund(
        &self,
        cx: &CallContext,
        mut payment: Payment,
        charge: &ProviderCharge,
    ) -> Result<(), Unsettled> {
        let contradiction = |error: &dyn std::fmt::Display| Unsettled::Contradiction(error.to_string());
        let more = charge.refunded.minus(payment.refunded());
        let more: Money = more.map_err(not_a_sum)?;
        let now = self.clock.now();
        let id: RefundId = self.ids.make();
        payment
            .request_refund(id, Some(more), RefundReason::made_at_the_provider(), None, now)
            .map_err(|refused| contradiction(&refused))?;
        payment.complete_refund(id, now)?;
        let refund = payment.refund(id).ok_or_else(|| gone("refund", &charge.key))?;
        let event = EventRecord::of(&messages::refunded(&payment, refund), cx, &*self.ids, now);
        self.store
            .add_refund(&mut payment, id, &UnitOfWork::events(vec![event]))?;
        Ok(())
    }

    fn insist_on_refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<(), Unsettled> {
        match self.give_back_under(key, refund_key, amount)? {
            RefundOutcome::Done => Ok(()),
            RefundOutcome::Refused => Err(Unsettled::Contradiction(format!(
                "the provider does not give back {amount} of {key} under {refund_key}"
            ))),
        }
    }
}

fn gone(what: &str, key: &str) -> Unsettled {
    Unsettled::Contradiction(format!("the {what} of {key} is gone"))
}

fn not_a_sum(error: MoneyError) -> Unsettled {
    Unsettled::Contradiction(error.to_string())
}
