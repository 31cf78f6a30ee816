//! The ledger of a product.

use super::{InventoryService, published_movement};
use crate::domains::shared::ids::MovementId;
use crate::ports::inventory::operations::{ListMovements, ListMovementsError, Movement};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::Page;

impl Handler<ListMovements> for InventoryService {
    /// The cursor is the id of the last entry shown: an entry that is written meanwhile shifts no page.
    fn handle(&self, _cx: &CallContext, op: ListMovements) -> Result<Page<Movement>, Failure<ListMovementsError>> {
        let before = match op.page.after.as_deref() {
            None => None,
            Some(cursor) => match cursor.parse::<MovementId>() {
                Ok(id) => Some(id),
                Err(_) => return Err(Failure::Domain(ListMovementsError::InvalidCursor)),
            },
        };
        let movements = self
            .store
            .movements_of(op.product_id, before, op.page.limit.saturating_add(1))?;
        Ok(Page::from_one_more(movements, op.page.limit, |last| last.id.to_string()).map(published_movement))
    }
}
