//! Our payments and the provider's ledger side by side, both in the order of their keys.

use std::collections::{BTreeMap, BTreeSet};

use super::PaymentsService;
use super::comparison::entry;
use super::unsettled::Unsettled;
use crate::domains::payments::payment::Payment;
use crate::domains::payments::reconciliation::{LedgerEntry, Verdict, id_before, judge};
use crate::domains::shared::ids::PaymentId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::ReconcilePayments;
use crate::ports::payments::operations::reconciliation::Suspects;
use crate::ports::payments::outbound::ProviderCharge;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::PageRequest;

/// Entries of the ledger that are asked for at once.
const CHARGES_AT_ONCE: u32 = 200;
/// How often more of the ledger is asked for, for one page of payments. Behind that the page ends early: between two of
/// our keys there may be any number that are not ours.
const LEDGER_PAGES_MAX: u32 = 5;

impl Handler<ReconcilePayments> for PaymentsService {
    /// Reads a page of payments, then the ledger up to the last of them. At the edges of `since`, and where somebody pays
    /// between the two readings, one side may seem to lack what it has: whatever disagrees is compared once more by its
    /// key before it is called a suspect.
    fn handle(&self, _cx: &CallContext, op: ReconcilePayments) -> Result<Suspects, Failure<Never>> {
        let begin = Position::of(op.page.after.as_deref())
            .ok_or_else(|| Failure::internal("a cursor that no comparison has given".to_owned()))?;
        let limit = op.page.limit.clamp(1, PageRequest::MAX_LIMIT);
        let stretch = self.read(&begin, op.since, limit)?;
        let now = self.clock.now();
        let (suspicious, under_way) = suspicious(&stretch, now);
        let mut found = Vec::new();
        for key in suspicious {
            let compared = self.compare(&key, now)?;
            let discrepancies = compared.discrepancies().iter();
            found.extend(discrepancies.map(|discrepancy| compared.message(discrepancy)));
        }
        Ok(Suspects {
            payments: count(stretch.payments.len()),
            charges: count(stretch.charges.len()),
            under_way,
            found,
            next: stretch.goes_on.then(|| stretch.end(begin).to_string()),
        })
    }
}

/// How far both sides have been compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Position {
    payment: Option<PaymentId>,
    /// Empty before the first.
    key: String,
}

impl Position {
    fn of(cursor: Option<&str>) -> Option<Self> {
        let Some(cursor) = cursor else {
            return Some(Self::default());
        };
        let (payment, key) = cursor.split_once('/')?;
        let payment = match payment {
            "" => None,
            id => Some(id.parse().ok()?),
        };
        Some(Self {
            payment,
            key: key.to_owned(),
        })
    }
}

/// The cursor: ids have no slash.
impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let payment = self.payment.map(|id| id.to_string()).unwrap_or_default();
        write!(f, "{payment}/{}", self.key)
    }
}

/// Payments, and all entries of the ledger between them.
struct Stretch {
    payments: Vec<Payment>,
    charges: Vec<ProviderCharge>,
    goes_on: bool,
}

impl Stretch {
    fn end(&self, begin: Position) -> Position {
        Position {
            payment: self.payments.last().map(Payment::id).or(begin.payment),
            key: self.charges.last().map_or(begin.key, |charge| charge.key.clone()),
        }
    }

    /// Ends before the last entry's payment, of which more may follow. A payment that fills the stretch is not put off: its
    /// other entries find it by its id.
    fn shorten(&mut self) {
        let Some(last) = self.charges.last() else {
            return;
        };
        let Some(owner) = Payment::id_of_key(&last.key) else {
            let end = last.key.clone();
            self.payments.retain(|payment| payment.id().to_string() < end);
            return;
        };
        let is_its = |charge: &ProviderCharge| Payment::id_of_key(&charge.key) == Some(owner);
        let first = self.charges.iter().position(is_its).unwrap_or(0);
        if first > 0 {
            self.charges.truncate(first);
            self.payments.retain(|payment| payment.id() < owner);
        } else {
            self.payments.retain(|payment| payment.id() <= owner);
        }
    }
}

impl PaymentsService {
    fn read(&self, begin: &Position, since: Option<Timestamp>, limit: u32) -> Result<Stretch, Unsettled> {
        let after = begin.payment.max(since.map(id_before));
        let payments = self.store.page_by_id(after, limit)?;
        let is_last = count(payments.len()) < limit;
        // Behind all keys of the last payment.
        let until = payments.last().filter(|_payment| !is_last);
        let until = until.map(|payment| format!("{}-~", payment.id()));
        let mut stretch = Stretch {
            payments,
            charges: Vec::new(),
            goes_on: !is_last,
        };
        let mut after = begin.key.clone();
        for _page in 0..LEDGER_PAGES_MAX {
            let page = self.list(&after, since, CHARGES_AT_ONCE)?;
            let ledger_ends = count(page.len()) < CHARGES_AT_ONCE;
            for charge in page {
                if until.as_ref().is_some_and(|until| charge.key > *until) {
                    return Ok(stretch);
                }
                after.clone_from(&charge.key);
                stretch.charges.push(charge);
            }
            if ledger_ends {
                return Ok(stretch);
            }
        }
        stretch.goes_on = true;
        stretch.shorten();
        Ok(stretch)
    }
}

/// The keys of what does not agree, and how many payments are under way.
fn suspicious(stretch: &Stretch, now: Timestamp) -> (BTreeSet<String>, u32) {
    let mut keys = BTreeSet::new();
    let mut under_way: u32 = 0;
    let mut entries: BTreeMap<PaymentId, Vec<LedgerEntry>> = BTreeMap::new();
    for charge in &stretch.charges {
        match Payment::id_of_key(&charge.key) {
            Some(id) => entries.entry(id).or_default().push(entry(charge)),
            None => keys.extend(Some(charge.key.clone()).filter(|_key| entry(charge).keeps_money())),
        }
    }
    for payment in &stretch.payments {
        let entries = entries.remove(&payment.id()).unwrap_or_default();
        match judge(payment, &entries, now) {
            Verdict::UnderWay => under_way = under_way.saturating_add(1),
            Verdict::Judged(found) if found.is_empty() => {}
            Verdict::Judged(_) => keys.extend([payment.id().to_string()]),
        }
    }
    let unclaimed = entries.into_iter();
    let unclaimed = unclaimed.filter(|(_id, entries)| entries.iter().any(LedgerEntry::keeps_money));
    keys.extend(unclaimed.map(|(id, _entries)| id.to_string()));
    (keys, under_way)
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_round_trip_whatever_the_key_is() {
        let id = id_before(Timestamp::from_unix_seconds(1_767_225_600).unwrap());
        for (payment, key) in [(None, ""), (Some(id), ""), (None, "a/b"), (Some(id), "pay_1-2")] {
            let position = Position {
                payment,
                key: key.to_owned(),
            };
            assert_eq!(Position::of(Some(&position.to_string())), Some(position));
        }
        assert_eq!(Position::of(None), Some(Position::default()));
        for cursor in ["", "pay_1", "ord_1/k"] {
            assert_eq!(Position::of(Some(cursor)), None, "{cursor}");
        }
    }
}
