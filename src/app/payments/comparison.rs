//! One payment beside all that the provider has under its keys.

use super::provider_calls::note;
use super::unsettled::Unsettled;
use super::{PaymentsService, messages};
use crate::domains::payments::payment::Payment;
use crate::domains::payments::reconciliation::{Discrepancy, LedgerEntry, Standing, Verdict, judge, judge_orphan};
use crate::domains::shared::ids::PaymentId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::reconciliation;
use crate::ports::payments::outbound::{ChargeState, ProviderCharge, ProviderError};

/// Entries of the ledger that are asked for at once, to find those of one payment: seldom there is a second one.
const CHARGES_OF_A_PAYMENT_AT_ONCE: u32 = 20;
/// How often more of them are asked for: nobody tries a card a thousand times.
const PAGES_OF_A_PAYMENT_MAX: u32 = 50;

/// Both sides, as they were at one time.
pub(super) struct Compared {
    /// Ours; `None` where no payment has such a key.
    pub(super) payment: Option<Payment>,
    /// What the provider has under the keys of the payment, or under the one key that is none of ours.
    pub(super) charges: Vec<ProviderCharge>,
    /// What comes of it.
    pub(super) verdict: Verdict,
}

impl Compared {
    /// What disagrees under this key.
    pub(super) fn under(&self, key: &str) -> Option<&Discrepancy> {
        self.discrepancies().iter().find(|found| found.key == key)
    }

    /// All that disagrees.
    pub(super) fn discrepancies(&self) -> &[Discrepancy] {
        match &self.verdict {
            Verdict::UnderWay => &[],
            Verdict::Judged(found) => found,
        }
    }

    /// What the provider has under this key.
    pub(super) fn charge(&self, key: &str) -> Option<&ProviderCharge> {
        self.charges.iter().find(|charge| charge.key == key)
    }

    /// For who asked.
    pub(super) fn message(&self, found: &Discrepancy) -> reconciliation::Discrepancy {
        reconciliation::Discrepancy {
            class: messages::discrepancy_class(found.class),
            key: found.key.clone(),
            ours: self.payment.as_ref().map(messages::our_side),
            theirs: self.charge(&found.key).cloned().map(messages::charge),
            repair: found.repair.map(messages::repair),
        }
    }
}

impl PaymentsService {
    /// Reads both sides of a key and compares them. The payment is read before the ledger and again behind it: one that
    /// has changed in between is under way.
    pub(super) fn compare(&self, key: &str, now: Timestamp) -> Result<Compared, Unsettled> {
        let Some(id) = Payment::id_of_key(key) else {
            let charges = Vec::from_iter(self.charge_under(key)?);
            return Ok(orphans(charges));
        };
        let payment = self.store.find(id)?;
        let charges = self.charges_of(id)?;
        let Some(payment) = payment else {
            // Every attempt is committed before the provider is asked.
            return Ok(match self.store.find(id)? {
                None => orphans(charges),
                payment => Compared {
                    payment,
                    charges,
                    verdict: Verdict::UnderWay,
                },
            });
        };
        let again = self.store.find(id)?;
        let has_changed = again.is_none_or(|again| again.version() != payment.version());
        let verdict = if has_changed {
            Verdict::UnderWay
        } else {
            let entries: Vec<LedgerEntry> = charges.iter().map(entry).collect();
            judge(&payment, &entries, now)
        };
        Ok(Compared {
            payment: Some(payment),
            charges,
            verdict,
        })
    }

    fn charge_under(&self, key: &str) -> Result<Option<ProviderCharge>, Unsettled> {
        self.provider
            .find_charge(key)
            .map_err(|error| away("look up", key, &error))
    }

    /// The charges of all attempts: the keys of a payment are its id, and what begins with it.
    fn charges_of(&self, id: PaymentId) -> Result<Vec<ProviderCharge>, Unsettled> {
        let mut after = id.to_string();
        let mut charges = Vec::from_iter(self.charge_under(&after)?);
        for _page in 0..PAGES_OF_A_PAYMENT_MAX {
            let page = self.list(&after, None, CHARGES_OF_A_PAYMENT_AT_ONCE)?;
            let is_last = page.is_empty();
            for charge in page {
                after.clone_from(&charge.key);
                if !after.starts_with(&id.to_string()) {
                    return Ok(charges);
                }
                // One that only begins as our keys do is somebody else's.
                if Payment::id_of_key(&charge.key) == Some(id) {
                    charges.push(charge);
                }
            }
            if is_last {
                return Ok(charges);
            }
        }
        tracing::error!(%id, "the provider has more charges of this payment than are looked at");
        Ok(charges)
    }

    /// A page of the ledger behind `after`, of what was made since a time.
    pub(super) fn list(
        &self,
        after: &str,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, Unsettled> {
        let behind = Some(after).filter(|after| !after.is_empty());
        self.provider
            .list_charges(behind, since, limit)
            .map_err(|error| away("list", after, &error))
    }
}

fn away(what: &str, key: &str, error: &ProviderError) -> Unsettled {
    note(what, key, error);
    Unsettled::ProviderAway
}

fn orphans(charges: Vec<ProviderCharge>) -> Compared {
    let found = charges.iter().map(entry).filter_map(|entry| judge_orphan(&entry));
    Compared {
        payment: None,
        verdict: Verdict::Judged(found.collect()),
        charges,
    }
}

/// A charge in the words of the domain.
pub(super) fn entry(charge: &ProviderCharge) -> LedgerEntry {
    LedgerEntry {
        key: charge.key.clone(),
        standing: match charge.state {
            ChargeState::Authorized => Standing::Held,
            ChargeState::Captured => Standing::Taken,
            ChargeState::Voided | ChargeState::Declined(_) => Standing::Nothing,
        },
        authorized: charge.authorized,
        captured: charge.captured,
        refunded: charge.refunded,
    }
}
