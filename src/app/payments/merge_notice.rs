//! From what the provider told to what we know, in whatever order it was told.
//!
//! A charge only ever goes forward: it is held, then taken or let go; what was taken goes back part by part. A notice is
//! how a charge stood at one time, so it is merged: what it tells that is new is recorded, through the same writes as the
//! answer to a request of ours would be, and what is older than what we know changes nothing. What can be neither new nor
//! old contradicts us, and changes nothing either. Whoever writes second finds the payment changed, and reads it again.

use super::provider_calls::RefundOutcome;
use super::settle_attempt::{Settled, is_abandoned};
use super::unsettled::Unsettled;
use super::{PaymentsService, ROUNDS_MAX};
use crate::domains::payments::attempt::attempt_of_key;
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::Payment;
use crate::domains::payments::refund::RefundStatus;
use crate::domains::payments::status::PaymentStatus;
use crate::domains::shared::ids::{PaymentId, RefundId};
use crate::domains::shared::money::Money;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};
use crate::ports::payments::webhooks::Told;
use crate::ports::shared::call_context::CallContext;

/// What becomes of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What it tells is in our books: what it did, or that it did nothing.
    Applied(&'static str),
    /// It is nothing to us.
    Ignored(&'static str),
    /// There is no such payment yet.
    WaitsFor(PaymentId),
    /// It cannot be applied now.
    Later(String),
    /// It contradicts our books.
    Quarantined(String),
}

const NOTHING_NEW: Verdict = Verdict::Applied("it was known");
const RECORDED: Verdict = Verdict::Applied("recorded");

/// One look at a payment.
enum Look {
    /// That is all.
    Final(Verdict),
    /// A step was recorded, and the notice tells more: look again.
    Again,
}

impl PaymentsService {
    /// Records what a notice tells that is new.
    pub(super) fn merge(&self, cx: &CallContext, provider: &str, told: &Told) -> Result<Verdict, Unsettled> {
        match told {
            Told::Nothing(why) => Ok(Verdict::Ignored(why)),
            Told::Charge(charge) => self.merge_charge(cx, provider, charge),
            Told::Refund {
                charge,
                refund_key,
                amount,
            } => match self.merge_charge(cx, provider, charge)? {
                Verdict::Applied(_) => self.merge_refund(cx, charge, refund_key, *amount),
                other => Ok(other),
            },
        }
    }

    fn merge_charge(&self, cx: &CallContext, provider: &str, charge: &ProviderCharge) -> Result<Verdict, Unsettled> {
        let Some((id, number)) = attempt_of_key(&charge.key) else {
            return Ok(Verdict::Quarantined(format!("{} is no key of ours", charge.key)));
        };
        let mut recorded = false;
        for _ in 0..ROUNDS_MAX {
            let Some(payment) = self.store.find(id)? else {
                return Ok(Verdict::WaitsFor(id));
            };
            if let Some(other) = difference(&payment, provider, charge) {
                return Ok(Verdict::Quarantined(other));
            }
            let look = if number == payment.attempts() {
                self.merge_current(cx, payment, charge)
            } else {
                Ok(Look::Final(of_another_attempt(&payment, number, charge)))
            };
            match look {
                Ok(Look::Final(NOTHING_NEW)) if recorded => return Ok(RECORDED),
                Ok(Look::Final(verdict)) => return Ok(verdict),
                Ok(Look::Again) => recorded = true,
                Err(Unsettled::Changed) => {}
                Err(unsettled) => return Err(unsettled),
            }
        }
        Err(Unsettled::Changed)
    }

    /// The table of what a charge tells by where its payment stands.
    fn merge_current(
        &self,
        cx: &CallContext,
        mut payment: Payment,
        charge: &ProviderCharge,
    ) -> Result<Look, Unsettled> {
        use ChargeState::{Authorized, Captured, Declined, Voided};
        match (payment.status(), charge.state) {
            (PaymentStatus::Pending, _) if payment.attempt().is_some() => self.merge_under_way(cx, payment, charge),
            (PaymentStatus::Authorized, Captured) => {
                self.record_capture(cx, &mut payment)?;
                Ok(Look::Final(RECORDED))
            }
            (PaymentStatus::Authorized, Voided) => {
                self.record_let_go(payment)?;
                Ok(Look::Final(RECORDED))
            }
            // The attempt was refused or let go, and recorded as that; a charge is held before it is let go.
            (PaymentStatus::Pending | PaymentStatus::Voided, Authorized | Voided | Declined(_))
            | (PaymentStatus::Failed, Voided | Declined(_))
            | (PaymentStatus::Authorized, Authorized) => Ok(Look::Final(NOTHING_NEW)),
            (PaymentStatus::Failed, Authorized) if payment.decline_reason() == Some(DeclineReason::ProviderFailure) => {
                Ok(Look::Final(NOTHING_NEW))
            }
            (status, Authorized | Captured) if status.was_captured() => Ok(Look::Final(NOTHING_NEW)),
            (status, state) => Ok(Look::Final(contradiction(&charge.key, status, state))),
        }
    }

    /// A charge whose outcome nobody has recorded yet.
    fn merge_under_way(&self, cx: &CallContext, payment: Payment, charge: &ProviderCharge) -> Result<Look, Unsettled> {
        let abandoned = is_abandoned(&payment);
        let settled = match charge.state {
            // It will be let go: that is on its way. Or a customer's request takes it next; where that has died, it is
            // resolved as any unknown outcome.
            ChargeState::Authorized if abandoned || payment.waiting_request().is_some() => {
                return Ok(Look::Final(NOTHING_NEW));
            }
            ChargeState::Authorized => Settled::Held,
            ChargeState::Captured => Settled::Taken,
            ChargeState::Declined(reason) => Settled::Refused(reason),
            ChargeState::Voided if abandoned => Settled::Refused(DeclineReason::ProviderFailure),
            // Nobody has abandoned it, so it is cancelled at this moment.
            ChargeState::Voided => {
                self.record_let_go(payment)?;
                return Ok(Look::Final(RECORDED));
            }
        };
        self.record_attempt(cx, payment, settled)?;
        Ok(Look::Again)
    }

    fn merge_refund(
        &self,
        cx: &CallContext,
        charge: &ProviderCharge,
        refund_key: &str,
        amount: Money,
    ) -> Result<Verdict, Unsettled> {
        let Some(payment_id) = Payment::id_of_key(&charge.key) else {
            return Ok(Verdict::Quarantined(format!("{} is no key of ours", charge.key)));
        };
        let Some(payment) = self.store.find(payment_id)? else {
            return Ok(Verdict::WaitsFor(payment_id));
        };
        let refund = refund_key.parse::<RefundId>().ok();
        let Some(refund) = refund.and_then(|id| payment.refund(id)) else {
            let unknown = format!(
                "{amount} of {} went back as {refund_key}, for which we never asked",
                charge.key
            );
            return Ok(Verdict::Quarantined(unknown));
        };
        if refund.amount() != amount {
            let other = format!(
                "{amount} went back as {refund_key}, and we asked for {}",
                refund.amount()
            );
            return Ok(Verdict::Quarantined(other));
        }
        match refund.status() {
            RefundStatus::Completed => Ok(NOTHING_NEW),
            RefundStatus::Failed => Ok(Verdict::Quarantined(format!("{refund_key} went back, and was refused"))),
            RefundStatus::Pending => {
                match self.record_refund(cx, payment_id, refund.id(), Some(RefundOutcome::Done))? {
                    Ok(_completed) => Ok(RECORDED),
                    Err(refused) => Ok(Verdict::Quarantined(format!("{refund_key} went back: {refused:?}"))),
                }
            }
        }
    }
}

/// What a charge has that is not its payment's; `None` where it is that payment's.
fn difference(payment: &Payment, provider: &str, charge: &ProviderCharge) -> Option<String> {
    if payment.provider() != provider {
        return Some(format!("{} is carried out by {}", payment.id(), payment.provider()));
    }
    let other = |amount: Money| (amount != payment.amount()).then_some(amount);
    let other = match charge.state {
        ChargeState::Authorized => other(charge.authorized),
        ChargeState::Captured => other(charge.authorized).or(other(charge.captured)),
        ChargeState::Voided | ChargeState::Declined(_) => None,
    };
    other.map(|amount| format!("{} is over {amount}, and ours is over {}", charge.key, payment.amount()))
}

/// A charge that is not of the payment's last attempt.
fn of_another_attempt(payment: &Payment, number: i32, charge: &ProviderCharge) -> Verdict {
    if number > payment.attempts() && payment.status() == PaymentStatus::Pending {
        return Verdict::Later(format!("attempt {number} has not begun"));
    }
    match charge.state {
        ChargeState::Voided | ChargeState::Declined(_) => NOTHING_NEW,
        // An attempt was refused before the next one began. If it was held once, it was let go.
        ChargeState::Authorized if number < payment.attempts() => NOTHING_NEW,
        state => contradiction(&charge.key, payment.status(), state),
    }
}

fn contradiction(key: &str, status: PaymentStatus, state: ChargeState) -> Verdict {
    let state = match state {
        ChargeState::Authorized => "is held",
        ChargeState::Captured => "was taken",
        ChargeState::Voided => "was let go",
        ChargeState::Declined(_) => "was declined",
    };
    Verdict::Quarantined(format!("{key} {state}, and its payment is {status}"))
}
