//! `banyan reconcile payments`: holds our payments against the provider's ledger, and has repaired what needs no person.
//!
//! The context compares page by page; memory does not grow with the shop. Since the shop goes on meanwhile, whatever
//! disagrees is compared again, some times, before it is reported or repaired: see [`super::settle`].

use serde::Serialize;

use self::report::{Found, Outcome, Report};
use super::operator::{Operator, explain};
use super::settle::{Course, SUSPECTS_AT_ONCE, Stopped, settle};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::reconciliation::{Discrepancy, DiscrepancyClass, Suspects};
use crate::ports::payments::operations::{CompareCharge, Payments, ReconcilePayments, RepairCharge};
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::page::PageRequest;

pub mod report;
pub mod scheduled;
pub mod since;

/// Pages read at most: a hundred million payments. Beyond that the comparison fails, and says so.
const PAGES_MAX: u32 = 1_000_000;

/// Why nothing is repaired where more disagrees than can be reported.
const TOO_MUCH: &str = "too much disagrees for it to be many errors";
/// Why a charge is not given back where we have no payment at all: each that the shop ever took would be.
const NOTHING_OF_OURS: &str = "no payment was compared: is this the shop's database?";

/// What is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Only what was begun at this time or later; everything where absent.
    pub since: Option<Timestamp>,
    /// Whether what needs no person is repaired.
    pub apply: bool,
}

/// Why a comparison did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum ReconcileError {
    /// Payments or its provider could not be asked.
    #[error("payments cannot be compared: {0}")]
    Away(String),
    /// The cursor does not move, or there is no end: nothing can be concluded.
    #[error("the comparison of payments does not come to an end, at {0}")]
    Endless(String),
    /// It was not to go on.
    #[error("the comparison of payments was stopped")]
    Stopped,
}

impl From<Stopped> for ReconcileError {
    fn from(_stopped: Stopped) -> Self {
        Self::Stopped
    }
}

/// Compares, and repairs where that is wished for.
///
/// # Errors
/// [`ReconcileError`]; what disagrees is no error but in the report, and so is a repair that did not succeed.
pub fn run(
    payments: &dyn Payments,
    ids: &dyn IdSource,
    wish: Wish,
    course: Course<'_>,
) -> Result<Report, ReconcileError> {
    let desk = Desk {
        payments,
        operator: Operator::new(ids),
        course,
    };
    let mut report = Report::default();
    let mut after = None;
    let mut suspects = Vec::new();
    for _page in 0..PAGES_MAX {
        let page = desk.compare(wish.since, after.clone())?;
        report.count(&page);
        suspects.extend(page.found.into_iter().map(|found| found.key));
        if suspects.len() >= SUSPECTS_AT_ONCE && !report.add(desk.settle(std::mem::take(&mut suspects))?) {
            break;
        }
        match page.next {
            Some(next) if Some(&next) == after.as_ref() => return Err(ReconcileError::Endless(next)),
            Some(next) => after = Some(next),
            None => {
                after = None;
                break;
            }
        }
    }
    report.add(desk.settle(suspects)?);
    if let Some(behind) = after.filter(|_behind| !report.truncated) {
        return Err(ReconcileError::Endless(behind));
    }
    if wish.apply {
        desk.repair_all(&mut report);
    }
    Ok(report)
}

struct Desk<'a> {
    payments: &'a dyn Payments,
    operator: Operator<'a>,
    course: Course<'a>,
}

impl Desk<'_> {
    fn compare(&self, since: Option<Timestamp>, after: Option<String>) -> Result<Suspects, ReconcileError> {
        self.course.check()?;
        let limit = PageRequest::MAX_LIMIT;
        let page = PageRequest { limit, after };
        self.operator
            .ask(self.payments, &ReconcilePayments { page, since })
            .map_err(|failure| away(&failure))
    }

    fn settle(&self, suspects: Vec<String>) -> Result<Vec<Discrepancy>, ReconcileError> {
        settle(suspects, self.course, |key| {
            let wish = CompareCharge { key: key.clone() };
            let compared = self.operator.ask(self.payments, &wish);
            Ok(Vec::from_iter(compared.map_err(|failure| away(&failure))?.found))
        })
    }

    /// One that fails does not keep the others from being repaired. What is found after an end was asked for stays reported.
    fn repair_all(&self, report: &mut Report) {
        let (truncated, nothing_of_ours) = (report.truncated, report.counts.payments == 0);
        for found in report
            .found
            .iter_mut()
            .filter(|found| found.discrepancy.repair.is_some())
        {
            if self.course.check().is_err() {
                break;
            }
            let objection = if truncated {
                Some(TOO_MUCH)
            } else if nothing_of_ours && found.discrepancy.class == DiscrepancyClass::OrphanCharge {
                Some(NOTHING_OF_OURS)
            } else {
                None
            };
            match objection {
                Some(why) => {
                    found.outcome = Outcome::Left {
                        done: Vec::new(),
                        reason: why.to_owned(),
                    };
                }
                None => self.repair(found),
            }
        }
    }

    fn repair(&self, found: &mut Found) {
        let key = found.discrepancy.key.clone();
        found.outcome = match self.operator.ask(self.payments, &RepairCharge { key }) {
            Ok(repaired) if repaired.left.is_none() => Outcome::Repaired { done: repaired.done },
            Ok(repaired) => Outcome::Left {
                done: repaired.done,
                reason: "it needs a person: the log says more".to_owned(),
            },
            Err(failure) => Outcome::Left {
                done: Vec::new(),
                reason: explain(&failure),
            },
        };
    }
}

fn away(failure: &Failure<Never>) -> ReconcileError {
    ReconcileError::Away(explain(failure))
}
