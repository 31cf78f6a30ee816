//! What a comparison found, and what was done about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::super::text_table::table;
use crate::ports::payments::operations::Charge;
use crate::ports::payments::operations::reconciliation::{Discrepancy, DiscrepancyClass, OurSide, Repair, Suspects};

/// After so many discrepancies a comparison ends: something is wrong at large, and it is one thing.
const DISCREPANCIES_MAX: usize = 10_000;

/// How much was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Our payments.
    pub payments: u64,
    /// Entries of the provider's ledger.
    pub charges: u64,
    /// Payments to which something was being done: they were not judged.
    pub under_way: u64,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How much was compared.
    pub counts: Counts,
    /// What disagrees, and what was done about it.
    pub found: Vec<Found>,
    /// Whether the comparison stopped early because there was too much to report.
    pub truncated: bool,
}

/// A discrepancy, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What disagrees.
    #[serde(flatten)]
    pub discrepancy: Discrepancy,
    /// What was done about it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What was done about a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing: it was not asked for, or is for a person to do.
    Reported,
    /// Both sides agree again.
    Repaired {
        /// By what; nothing where they already did, or where somebody is at the payment by now.
        done: Vec<Repair>,
    },
    /// They still disagree.
    Left {
        /// What was done.
        done: Vec<Repair>,
        /// Why that was not enough.
        reason: String,
    },
}

impl Report {
    /// Whether both sides agree, now at the latest: the command's exit code is 0 then, and 1 otherwise.
    pub fn agrees(&self) -> bool {
        let is_repaired = |found: &Found| matches!(found.outcome, Outcome::Repaired { .. });
        !self.truncated && self.found.iter().all(is_repaired)
    }

    /// How many there are of each class.
    pub fn by_class(&self) -> BTreeMap<DiscrepancyClass, usize> {
        let mut counts = BTreeMap::new();
        for found in &self.found {
            *counts.entry(found.discrepancy.class).or_insert(0) += 1;
        }
        counts
    }

    pub(super) fn count(&mut self, page: &Suspects) {
        self.counts.payments += u64::from(page.payments);
        self.counts.charges += u64::from(page.charges);
        self.counts.under_way += u64::from(page.under_way);
    }

    /// Notes discrepancies. Returns whether there is room for more.
    pub(super) fn add(&mut self, found: Vec<Discrepancy>) -> bool {
        for discrepancy in found {
            if self.found.len() >= DISCREPANCIES_MAX {
                self.truncated = true;
                break;
            }
            self.found.push(Found {
                discrepancy,
                outcome: Outcome::Reported,
            });
        }
        !self.truncated
    }
}

/// A table, and the totals under it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.found.is_empty() {
            let head = [
                "CLASS",
                "PAYMENT",
                "ORDER",
                "CHARGE KEY",
                "OURS",
                "THEIRS",
                "PROPOSAL",
                "DONE",
            ];
            let rows: Vec<_> = std::iter::once(head.map(str::to_owned))
                .chain(self.found.iter().map(Found::cells))
                .collect();
            write!(f, "{}", table(&rows))?;
            for (class, number) in self.by_class() {
                writeln!(f, "{number} {}", class_name(class))?;
            }
        }
        if self.truncated {
            writeln!(f, "... and more: the comparison stopped at {DISCREPANCIES_MAX}")?;
        }
        let Counts {
            payments,
            charges,
            under_way,
        } = self.counts;
        write!(
            f,
            "compared {payments} payments with {charges} charges ({under_way} under way): "
        )?;
        if self.found.is_empty() {
            write!(f, "they agree")
        } else if self.agrees() {
            write!(f, "they agree again")
        } else {
            write!(f, "they disagree")
        }
    }
}

/// In one line, for the log.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [class, payment, order, key, ours, theirs, proposal, done] = self.cells();
        write!(
            f,
            "{class}, {payment} of {order}, charge {key}: ours {ours}, theirs {theirs}; {proposal}: {done}"
        )
    }
}

impl Found {
    fn cells(&self) -> [String; 8] {
        let Discrepancy {
            class,
            key,
            ours,
            theirs,
            repair,
        } = &self.discrepancy;
        let none = || "-".to_owned();
        let done = match &self.outcome {
            Outcome::Reported => none(),
            Outcome::Repaired { done } if done.is_empty() => "nothing to repair any more".to_owned(),
            Outcome::Repaired { done } => format!("repaired: {}", names(done)),
            Outcome::Left { done, reason } if done.is_empty() => format!("not repaired: {reason}"),
            Outcome::Left { done, reason } => format!("{}, but {reason}", names(done)),
        };
        [
            class_name(*class).to_owned(),
            ours.as_ref().map_or_else(none, |ours| ours.payment_id.to_string()),
            ours.as_ref().map_or_else(none, |ours| ours.order_id.to_string()),
            key.clone(),
            ours.as_ref().map_or_else(none, our_figures),
            theirs.as_ref().map_or_else(none, their_figures),
            repair.map_or("a person", repair_name).to_owned(),
            done,
        ]
    }
}

fn our_figures(ours: &OurSide) -> String {
    let status = format!("{:?} {}", ours.status, ours.amount);
    if ours.refunded.minor() == 0 {
        status
    } else {
        format!("{status}, {} back", ours.refunded)
    }
}

fn their_figures(theirs: &Charge) -> String {
    if theirs.open {
        format!("holds {}", theirs.authorized)
    } else if theirs.captured.minor() == 0 {
        "nothing".to_owned()
    } else if theirs.refunded.minor() == 0 {
        format!("took {}", theirs.captured)
    } else {
        format!("took {}, {} back", theirs.captured, theirs.refunded)
    }
}

fn names(repairs: &[Repair]) -> String {
    let names: Vec<&str> = repairs.iter().copied().map(repair_name).collect();
    names.join(", ")
}

fn class_name(class: DiscrepancyClass) -> &'static str {
    match class {
        DiscrepancyClass::OrphanCharge => "orphan charge",
        DiscrepancyClass::MissingCapture => "missing capture",
        DiscrepancyClass::MissingCharge => "missing charge",
        DiscrepancyClass::AmountDrift => "amount drift",
        DiscrepancyClass::CurrencyDrift => "currency drift",
        DiscrepancyClass::RefundDrift => "refund drift",
        DiscrepancyClass::StateDrift => "state drift",
        DiscrepancyClass::DuplicateCharge => "duplicate charge",
    }
}

fn repair_name(repair: Repair) -> &'static str {
    match repair {
        Repair::Void => "void",
        Repair::GiveBack => "give back",
        Repair::Capture => "capture",
        Repair::RecordCapture => "record the capture",
        Repair::RecordVoid => "record the void",
        Repair::RefundAgain => "refund again",
        Repair::RecordRefund => "record the refund",
    }
}
