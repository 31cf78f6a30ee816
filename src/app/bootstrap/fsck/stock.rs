//! Invariants 2 and 3 of each stock level: what inventory says of it in three ways.

use super::pages::{Cursor, Source};
use super::report::{FsckError, Report, Violation};
use crate::app::bootstrap::settle::{Course, SUSPECTS_AT_ONCE, settle};
use crate::domains::shared::ids::ProductId;
use crate::ports::inventory::operations::StockAudit;

struct Suspect {
    product_id: ProductId,
    location: String,
    cursor: Cursor,
}

/// Checks all stock levels.
pub(super) fn check(levels: &Source<'_, StockAudit>, course: Course<'_>, report: &mut Report) -> Result<(), FsckError> {
    let look_again = |suspect: &Suspect| -> Result<Vec<Violation>, FsckError> {
        let again = levels.again(
            &suspect.cursor,
            |audit| audit.level.product_id == suspect.product_id && audit.level.location == suspect.location,
            |audit| audit.level.product_id > suspect.product_id,
        )?;
        Ok(again.iter().flat_map(broken).collect())
    };
    let mut rows = levels.rows();
    let mut suspects = Vec::new();
    while let Some(audit) = rows.take_next()? {
        report.counts.stock_levels += 1;
        if !broken(&audit).is_empty() {
            suspects.push(Suspect {
                product_id: audit.level.product_id,
                location: audit.level.location,
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

fn broken(audit: &StockAudit) -> Vec<Violation> {
    let level = &audit.level;
    let mut violations = Vec::new();
    let mut must = |holds: bool, invariant, rule, found: String| {
        if !holds {
            violations.push(Violation {
                invariant,
                rule,
                rows: vec![format!("{} at {}", level.product_id, level.location)],
                found,
            });
        }
    };
    must(
        level.on_hand == audit.ledger_sum,
        2,
        "stock on hand is the sum of the ledger",
        format!("on hand {}, sum of the ledger {}", level.on_hand, audit.ledger_sum),
    );
    must(
        level.reserved == audit.active_reserved,
        2,
        "reserved stock is the sum of the active reservations",
        format!(
            "reserved {}, sum of the active reservations {}",
            level.reserved, audit.active_reserved
        ),
    );
    must(
        level.available() >= 0,
        2,
        "available stock is never negative",
        format!(
            "available {}: on hand {}, reserved {}",
            level.available(),
            level.on_hand,
            level.reserved
        ),
    );
    must(
        audit.sold.saturating_add(audit.active_reserved) <= audit.brought_in,
        3,
        "sold and reserved pieces never exceed those brought in",
        format!(
            "sold {}, reserved {}, brought in {}",
            audit.sold, audit.active_reserved, audit.brought_in
        ),
    );
    violations
}
