//! How much there is of a product.

use super::{InventoryService, published_level};
use crate::ports::inventory::operations::{GetStock, StockLevel};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<GetStock> for InventoryService {
    /// Inventory does not know the catalog: a product that it never heard of is one that there is nothing of.
    fn handle(&self, _cx: &CallContext, op: GetStock) -> Result<Vec<StockLevel>, Failure<Never>> {
        Ok(self
            .store
            .levels_of(op.product_id)?
            .iter()
            .map(published_level)
            .collect())
    }
}
