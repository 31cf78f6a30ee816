//! From an attempt that is under way to what came of it, whatever the provider answers or does not answer.

use super::PaymentsService;
use super::provider_calls::note;
use super::unsettled::Unsettled;
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::Payment;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge, ProviderError};
use crate::ports::shared::storage::UnitOfWork;

/// What came of an attempt. Known for certain, from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The amount is held.
    Held,
    /// The amount was taken already.
    Taken,
    /// Nothing is held, and nothing will be.
    Refused(DeclineReason),
}

impl PaymentsService {
    /// Goes on with an attempt that somebody began: looks up first whether the provider was asked.
    pub(super) fn take_up(&self, payment: &mut Payment, token: &str) -> Result<Settled, Unsettled> {
        if is_abandoned(payment) {
            return self.settle(payment);
        }
        match self.provider.find_charge(payment.provider_key()) {
            Ok(Some(charge)) => settled(payment, &charge),
            Ok(None) => self.attempt(payment, token),
            Err(error) => {
                note("look up", payment.provider_key(), &error);
                Err(Unsettled::ProviderAway)
            }
        }
    }

    /// Has the provider hold the amount, for an attempt that has not been abandoned. Asked for again, it is held once.
    pub(super) fn attempt(&self, payment: &mut Payment, token: &str) -> Result<Settled, Unsettled> {
        match self.provider.authorize(payment.provider_key(), token, payment.amount()) {
            Ok(charge) => settled(payment, &charge),
            Err(ProviderError::Refused(why)) => Err(Unsettled::Contradiction(format!(
                "the provider refuses to authorize {}: {why}",
                payment.provider_key()
            ))),
            Err(error) => {
                note("authorize", payment.provider_key(), &error);
                self.settle(payment)
            }
        }
    }

    /// Finds out what came of an attempt. Where the provider has nothing of it, makes sure that it never will, and only
    /// then calls it refused.
    pub(super) fn settle(&self, payment: &mut Payment) -> Result<Settled, Unsettled> {
        if !is_abandoned(payment) {
            if let Some(charge) = self.look_up(payment)? {
                return settled(payment, &charge);
            }
            // First noted, then done: from here on nobody else takes this attempt up again.
            payment.abandon_attempt(self.clock.now());
            self.store.update(payment, &UnitOfWork::none())?;
        }
        let charge = self.void_held(payment)?;
        match charge.state {
            ChargeState::Authorized => Err(Unsettled::Contradiction(format!(
                "the provider does not void {}",
                charge.key
            ))),
            // Captured: whoever was slow took it just before. Then it is taken.
            ChargeState::Voided | ChargeState::Declined(_) | ChargeState::Captured => settled(payment, &charge),
        }
    }
}

/// Whether the attempt under way is not to be taken up again.
pub(super) fn is_abandoned(payment: &Payment) -> bool {
    payment.attempt().is_some_and(|attempt| attempt.abandoned)
}

/// What a charge says about its payment. A charge over another amount is not this payment's, whatever its key.
fn settled(payment: &Payment, charge: &ProviderCharge) -> Result<Settled, Unsettled> {
    match charge.state {
        ChargeState::Authorized | ChargeState::Captured if charge.authorized != payment.amount() => Err(
            Unsettled::Contradiction(format!("the provider holds {} for {}", charge.authorized, charge.key)),
        ),
        ChargeState::Authorized => Ok(Settled::Held),
        ChargeState::Captured => Ok(Settled::Taken),
        ChargeState::Declined(reason) => Ok(Settled::Refused(reason)),
        ChargeState::Voided => Ok(Settled::Refused(DeclineReason::ProviderFailure)),
    }
}
