//! Where a payment and the provider's ledger do not agree, and what makes them agree again without a person.
//!
//! The rule behind every repair: it must be right whatever happens beside it. A key that no attempt will ever use again
//! can be emptied; what the provider has done can be recorded; what we have promised can be asked for again under its key.
//! Everything else is for a person, who can ask the customer and the provider.

use uuid::Uuid;

use super::payment::Payment;
use super::refund::RefundStatus;
use super::refund_rules::refund_within_captured;
use super::status::PaymentStatus;
use crate::domains::shared::ids::PaymentId;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;

/// How long a payment is left alone after it changed, in milliseconds: longer than a checkout takes. Between the provider
/// and the row there is always a moment in which only one of the two has heard.
pub const SETTLED_AFTER_MS: i64 = 120_000;

/// What the provider has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The key.
    pub key: String,
    /// Where the money is.
    pub standing: Standing,
    /// What it holds or held.
    pub authorized: Money,
    /// What it took.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
}

/// Where the money of an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The provider holds it.
    Held,
    /// The provider took it.
    Taken,
    /// It never was held, or it was let go.
    Nothing,
}

/// In which way the two disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscrepancyClass {
    /// The provider holds or took money of which no payment is known.
    OrphanCharge,
    /// Our payment was completed, and the provider only holds the amount.
    MissingCapture,
    /// Our payment was authorized or completed, and the provider has nothing.
    MissingCharge,
    /// The amounts differ.
    AmountDrift,
    /// The currencies differ.
    CurrencyDrift,
    /// What went back differs.
    RefundDrift,
    /// The payment stands elsewhere at the provider.
    StateDrift,
    /// Another attempt of a payment holds or took money as well.
    DuplicateCharge,
}

/// What makes both agree again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// The provider lets go what it holds.
    Void,
    /// The provider gives back what is left of what it took.
    GiveBack,
    /// The provider takes what it holds.
    Capture,
    /// We record that the provider took the amount.
    RecordCapture,
    /// We record that the provider holds nothing any more.
    RecordVoid,
    /// The provider is asked again for our refunds that it does not have.
    RefundAgain,
    /// We record, as a refund, what went back at the provider's desk.
    RecordRefund,
}

/// A disagreement over one entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The key of the entry, or the one under which it should be.
    pub key: String,
    /// In which way.
    pub class: DiscrepancyClass,
    /// What makes both agree again; `None` where that is for a person to find.
    pub repair: Option<Repair>,
}

/// What comes of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something is being done to the payment, or was a moment ago: no judgement.
    UnderWay,
    /// The discrepancies; none where both agree.
    Judged(Vec<Discrepancy>),
}

impl LedgerEntry {
    /// Whether the provider has money of a customer.
    pub fn keeps_money(&self) -> bool {
        match self.standing {
            Standing::Held => true,
            Standing::Taken => self.captured != self.refunded,
            Standing::Nothing => false,
        }
    }

    /// How the customer gets it back.
    fn undo(&self) -> Repair {
        if self.standing == Standing::Held {
            Repair::Void
        } else {
            Repair::GiveBack
        }
    }

    fn discrepancy(&self, class: DiscrepancyClass, repair: Option<Repair>) -> Discrepancy {
        Discrepancy {
            key: self.key.clone(),
            class,
            repair,
        }
    }
}

/// Compares a payment with everything that the provider has under its keys.
pub fn judge(payment: &Payment, entries: &[LedgerEntry], now: Timestamp) -> Verdict {
    let refund_pending = |status| status == RefundStatus::Pending;
    let is_under_way = payment.attempt().is_some()
        || payment.refunds().iter().any(|refund| refund_pending(refund.status()))
        || now.ms_since(payment.updated_at()) < SETTLED_AFTER_MS;
    if is_under_way {
        return Verdict::UnderWay;
    }
    let is_own = |entry: &&LedgerEntry| entry.key == payment.provider_key();
    let own = compare_own(payment, entries.iter().find(is_own));
    let others = entries.iter().filter(|entry| !is_own(entry) && entry.keeps_money());
    // Where the money that we count on is missing, another attempt may have it: nobody gives that back unasked.
    let is_missing = matches!(own, Some((DiscrepancyClass::MissingCharge, _)));
    let duplicates = others.map(|entry| {
        let repair = (!is_missing && !may_be_used(payment, &entry.key)).then(|| entry.undo());
        entry.discrepancy(DiscrepancyClass::DuplicateCharge, repair)
    });
    let own = own.map(|(class, repair)| Discrepancy {
        key: payment.provider_key().to_owned(),
        class,
        repair,
    });
    Verdict::Judged(own.into_iter().chain(duplicates).collect())
}

/// Judges an entry of which no payment is known. Only what has a key of our form is emptied: another one may be of
/// somebody else who shares the account.
pub fn judge_orphan(entry: &LedgerEntry) -> Option<Discrepancy> {
    let is_ours = Payment::id_of_key(&entry.key).is_some();
    entry
        .keeps_money()
        .then(|| entry.discrepancy(DiscrepancyClass::OrphanCharge, is_ours.then(|| entry.undo())))
}

/// The id behind which all payments come that were begun at `time` or later: ids sort by the time of their making.
pub fn id_before(time: Timestamp) -> PaymentId {
    let ms = u128::try_from(time.unix_micros() / 1_000).unwrap_or(0);
    // The upper 48 bits of a UUIDv7 are the time in milliseconds.
    PaymentId::from(Uuid::from_u128(ms << 80))
}

/// The entry of the last attempt.
fn compare_own(payment: &Payment, entry: Option<&LedgerEntry>) -> Option<(DiscrepancyClass, Option<Repair>)> {
    use DiscrepancyClass::{AmountDrift, CurrencyDrift, MissingCapture, MissingCharge, StateDrift};
    use PaymentStatus::{Authorized, Completed, Failed, Pending, Voided};
    let status = payment.status();
    let Some(known) = entry.filter(|entry| entry.standing != Standing::Nothing) else {
        return match (status, entry) {
            (Pending | Failed | Voided, _) => None,
            (Authorized, Some(_nothing)) => Some((StateDrift, Some(Repair::RecordVoid))),
            _ => Some((MissingCharge, None)),
        };
    };
    if matches!(status, Pending | Failed | Voided) {
        let repair = (!may_be_used(payment, &known.key)).then(|| known.undo());
        return known.keeps_money().then_some((StateDrift, repair));
    }
    let amount = match known.standing {
        Standing::Held => known.authorized,
        Standing::Taken | Standing::Nothing => known.captured,
    };
    if amount.currency() != payment.amount().currency() {
        return Some((CurrencyDrift, None));
    }
    if amount != payment.amount() {
        return Some((AmountDrift, None));
    }
    match (status, known.standing) {
        (Authorized, Standing::Held) => None,
        (Authorized, _) => Some((StateDrift, Some(Repair::RecordCapture))),
        // To take what has been given back would be strange to the customer, and so would it be where it was to go back and
        // could not, because nothing had been taken.
        (Completed, Standing::Held) if payment.refunds().is_empty() => Some((MissingCapture, Some(Repair::Capture))),
        (_, Standing::Held) => Some((MissingCapture, None)),
        _ => compare_refunds(payment, known),
    }
}

fn compare_refunds(payment: &Payment, entry: &LedgerEntry) -> Option<(DiscrepancyClass, Option<Repair>)> {
    let ours = payment.refunded();
    if entry.refunded == ours {
        return None;
    }
    let repair = match entry.refunded.minus(ours) {
        // Our own account contradicts itself.
        _ if ours != payment.completed_refunds() => None,
        Ok(more) if more.is_positive() => refund_within_captured(more, payment.refundable())
            .is_ok()
            .then_some(Repair::RecordRefund),
        Ok(_less) => Some(Repair::RefundAgain),
        Err(_other_currency) => None,
    };
    Some((DiscrepancyClass::RefundDrift, repair))
}

/// Whether an attempt may yet come to use this key of the payment: then it must not be emptied.
fn may_be_used(payment: &Payment, key: &str) -> bool {
    let number = key.split_once('-').map_or(Some(1), |(_id, number)| number.parse().ok());
    payment.status() == PaymentStatus::Pending && number.is_none_or(|number: i32| number > payment.attempts())
}

#[cfg(test)]
mod tests;
