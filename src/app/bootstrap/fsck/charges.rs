//! Invariants 4 and 5 from the provider's side: its ledger holds no money that no order knows of.

use std::cell::Cell;

use super::pages::{Cursor, Source};
use super::report::{FsckError, Report, Violation};
use crate::app::bootstrap::settle::{Course, SUSPECTS_AT_ONCE, settle};
use crate::ports::payments::operations::{Charge, ChargeAudit};

struct Suspect {
    key: String,
    cursor: Cursor,
}

/// Checks all entries of the provider's ledger.
pub(super) fn check(
    charges: &Source<'_, ChargeAudit>,
    course: Course<'_>,
    report: &mut Report,
) -> Result<(), FsckError> {
    let look_again = |suspect: &Suspect| -> Result<Vec<Violation>, FsckError> {
        // How a provider orders its keys is its own affair: the one that is looked for tells when to stop.
        let found = Cell::new(false);
        let is_it = |audit: &ChargeAudit| {
            let is_it = audit.charge.key == suspect.key;
            found.set(found.get() || is_it);
            is_it
        };
        let again = charges.again(&suspect.cursor, is_it, |_other| found.get())?;
        Ok(again.iter().flat_map(broken).collect())
    };
    let mut rows = charges.rows();
    let mut suspects = Vec::new();
    while let Some(audit) = rows.take_next()? {
        report.counts.charges += 1;
        if !broken(&audit).is_empty() {
            suspects.push(Suspect {
                key: audit.charge.key,
                cursor: rows.cursor(),
            });
        }
        if suspects.len() >= SUSPECTS_AT_ONCE && !report.add(settle(std::mem::take(&mut suspects), course, look_again)?)
        {
            return Ok(());
        }
    }
    report.add(settle(suspects, course, look_again)?);
    Ok(())
}

/// What is wrong with an entry that no payment is at. The others are checked with their orders.
fn broken(audit: &ChargeAudit) -> Vec<Violation> {
    let (rule, found) = match audit.order_id {
        None => (
            "every charge with money belongs to an order",
            "no payment is known of it",
        ),
        Some(_) if audit.superseded => ("nobody is charged twice", "its payment is at another charge"),
        Some(_) => return Vec::new(),
    };
    let mut violations = exceeding(&audit.charge);
    if holds_money(&audit.charge) {
        let order = audit.order_id.map(|order_id| order_id.to_string());
        violations.push(Violation {
            invariant: 4,
            rule,
            rows: std::iter::once(format!("charge {}", audit.charge.key))
                .chain(order)
                .collect(),
            found: format!("{found}: {}", figures(&audit.charge)),
        });
    }
    violations
}

/// Whether the provider holds, or has kept, anything.
pub(super) fn holds_money(charge: &Charge) -> bool {
    charge.open || charge.captured != charge.refunded
}

/// What is wrong where more was taken than held, or more went back than was taken.
pub(super) fn exceeding(charge: &Charge) -> Vec<Violation> {
    // Amounts of different currencies do not compare: they are as wrong as amounts that exceed each other.
    let in_order = charge.refunded.exceeds(charge.captured) == Ok(false)
        && charge.captured.exceeds(charge.authorized) == Ok(false);
    if in_order {
        return Vec::new();
    }
    vec![Violation {
        invariant: 5,
        rule: "refunds never exceed what was captured, nor that what was authorized",
        rows: vec![format!("charge {}", charge.key)],
        found: figures(charge),
    }]
}

/// The figures of an entry, for the operator.
pub(super) fn figures(charge: &Charge) -> String {
    format!(
        "authorized {}, captured {}, refunded {}, {}",
        charge.authorized,
        charge.captured,
        charge.refunded,
        if charge.open { "open" } else { "closed" }
    )
}
