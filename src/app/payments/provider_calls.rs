//! Calls to the provider that are asked again until they are answered, or often enough.

use std::thread;

use super::PaymentsService;
use super::unsettled::Unsettled;
use crate::domains::payments::payment::Payment;
use crate::domains::payments::refund::Refund;
use crate::domains::shared::money::Money;
use crate::ports::payments::outbound::{ProviderCharge, ProviderError};

/// What came of a refund at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefundOutcome {
    /// The money is on its way back.
    Done,
    /// The provider does not give it back.
    Refused,
}

impl PaymentsService {
    /// What the provider has of the payment's last attempt. Asks again where it has nothing (yet) or does not answer.
    pub(super) fn look_up(&self, payment: &Payment) -> Result<Option<ProviderCharge>, Unsettled> {
        let mut answered = false;
        for attempt in 0..self.persistence.attempts {
            self.pause_before(attempt);
            match self.provider.find_charge(payment.provider_key()) {
                Ok(Some(charge)) => return Ok(Some(charge)),
                Ok(None) => answered = true,
                Err(error) => note("look up", payment.provider_key(), &error),
            }
        }
        if answered {
            Ok(None)
        } else {
            Err(Unsettled::ProviderAway)
        }
    }

    /// Takes what is held. Asked again after an unknown outcome: under the same key it is taken once.
    pub(super) fn capture_held(&self, payment: &Payment) -> Result<ProviderCharge, Unsettled> {
        self.insist("capture", payment.provider_key(), || {
            self.provider.capture(payment.provider_key(), payment.amount())
        })
    }

    /// Lets go what is held, or blocks the key. Asked again as often as needed: it changes nothing any more.
    pub(super) fn void_held(&self, payment: &Payment) -> Result<ProviderCharge, Unsettled> {
        self.void_under(payment.provider_key(), payment.amount())
    }

    /// Lets go what is held under a key.
    pub(super) fn void_under(&self, key: &str, amount: Money) -> Result<ProviderCharge, Unsettled> {
        self.insist("void", key, || self.provider.void(key, amount))
    }

    /// Gives money back. After an unknown outcome it is looked up, and asked for again under the same key.
    pub(super) fn give_back(&self, payment: &Payment, refund: &Refund) -> Result<RefundOutcome, Unsettled> {
        self.give_back_under(payment.provider_key(), &refund.id().to_string(), refund.amount())
    }

    /// Gives back, under `refund_key`, some of what was taken under `key`.
    pub(super) fn give_back_under(
        &self,
        key: &str,
        refund_key: &str,
        wished: Money,
    ) -> Result<RefundOutcome, Unsettled> {
        for attempt in 0..self.persistence.attempts {
            self.pause_before(attempt);
            match self.provider.refund(key, refund_key, wished) {
                Ok(()) => return Ok(RefundOutcome::Done),
                Err(ProviderError::Refused(why)) => {
                    tracing::warn!(refund = refund_key, why, "the provider refuses a refund");
                    return Ok(RefundOutcome::Refused);
                }
                Err(error) => note("refund", refund_key, &error),
            }
            if let Ok(Some(amount)) = self.provider.find_refund(refund_key) {
                return if amount == wished {
                    Ok(RefundOutcome::Done)
                } else {
                    Err(Unsettled::Contradiction(format!(
                        "the provider refunded {amount} under {refund_key}"
                    )))
                };
            }
        }
        Err(Unsettled::ProviderAway)
    }

    /// What the provider gave back by a refund of ours.
    pub(super) fn find_refund(&self, refund: &Refund) -> Result<Option<Money>, Unsettled> {
        let refund_key = refund.id().to_string();
        self.provider.find_refund(&refund_key).map_err(|error| {
            note("look up", &refund_key, &error);
            Unsettled::ProviderAway
        })
    }

    fn insist(
        &self,
        what: &str,
        key: &str,
        call: impl Fn() -> Result<ProviderCharge, ProviderError>,
    ) -> Result<ProviderCharge, Unsettled> {
        for attempt in 0..self.persistence.attempts {
            self.pause_before(attempt);
            match call() {
                Ok(charge) => return Ok(charge),
                Err(ProviderError::Refused(why)) => {
                    return Err(Unsettled::Contradiction(format!(
                        "the provider refuses to {what} {key}: {why}"
                    )));
                }
                Err(error) => note(what, key, &error),
            }
        }
        Err(Unsettled::ProviderAway)
    }

    fn pause_before(&self, attempt: u32) {
        if attempt > 0 {
            thread::sleep(self.persistence.pause);
        }
    }
}

pub(super) fn note(what: &str, key: &str, error: &ProviderError) {
    tracing::warn!(what, key, %error, source = std::error::Error::source(error), "the provider does not answer");
}
