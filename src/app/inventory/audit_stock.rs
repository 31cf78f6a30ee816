//! Compares levels with their ledger and their reservations.

use super::InventoryService;
use crate::domains::shared::ids::ProductId;
use crate::ports::inventory::operations::{AuditStock, StockAudit};
use crate::ports::inventory::outbound::LevelKey;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::Page;

/// Between the product and the location in a cursor; neither contains it.
const SEPARATOR: char = ':';

impl Handler<AuditStock> for InventoryService {
    fn handle(&self, _cx: &CallContext, op: AuditStock) -> Result<Page<StockAudit>, Failure<Never>> {
        let after = match op.page.after.as_deref() {
            None => None,
            Some(cursor) => Some(level_key(cursor).ok_or_else(|| Failure::internal("not a cursor of this list"))?),
        };
        let audits = self
            .store
            .audit_stock(after.as_ref(), op.page.limit.saturating_add(1))?;
        Ok(Page::from_one_more(audits, op.page.limit, |last| {
            format!("{}{SEPARATOR}{}", last.level.product_id, last.level.location)
        }))
    }
}

fn level_key(cursor: &str) -> Option<LevelKey> {
    let (product_id, location) = cursor.split_once(SEPARATOR)?;
    Some((product_id.parse::<ProductId>().ok()?, location.to_owned()))
}
