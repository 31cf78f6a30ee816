//! Keeps track of what is in stock, as inventory tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::shared::event_reader::{ConsumeError, Consumer, ConsumerInfo};
use crate::domains::catalog::stock_level::StockLevel;
use crate::ports::catalog::outbound::CatalogStore;
use crate::ports::inventory::events::{InventoryChanged, InventoryReleased, InventoryReserved, LevelAfter};
use crate::ports::shared::events::{Delivery, Event, EventRecord};
use crate::ports::shared::storage::UnitOfWork;

/// Listens to inventory's log on behalf of the catalog.
pub struct OnStockChanged {
    store: Arc<dyn CatalogStore>,
}

impl OnStockChanged {
    /// Remembers levels in `store`.
    pub fn new(store: Arc<dyn CatalogStore>) -> Self {
        Self { store }
    }
}

/// What is known of it without an instance.
pub const INFO: ConsumerInfo = ConsumerInfo {
    name: "catalog.on_stock_changed",
    listens_to: "inventory",
    event_types: &[InventoryChanged::TYPE, InventoryReserved::TYPE, InventoryReleased::TYPE],
};

impl Consumer for OnStockChanged {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn event_types(&self) -> &'static [&'static str] {
        INFO.event_types
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        self.consume_together(&[event], delivery)
    }

    /// A busy shop changes the same levels again and again: only the last one of each is written.
    fn consume_together(&self, events: &[&EventRecord], delivery: &Delivery) -> Result<bool, ConsumeError> {
        // In the order of the products, so that whoever else locks several of them can do so in the same order.
        let mut last = BTreeMap::new();
        for event in events {
            for level in levels_told_by(event)?.into_iter().map(stock_level) {
                let place = (level.product_id, level.location.clone());
                let known = last.get(&place).map(|known: &StockLevel| known.version);
                if level.is_news_after(known) {
                    last.insert(place, level);
                }
            }
        }
        if last.is_empty() {
            return Ok(false);
        }
        let levels: Vec<StockLevel> = last.into_values().collect();
        let unit = UnitOfWork::none().with_delivery(delivery.clone());
        self.store.apply_stock_levels(&levels, &unit)?;
        Ok(true)
    }
}

fn levels_told_by(event: &EventRecord) -> Result<Vec<LevelAfter>, serde_json::Error> {
    if let Some(changed) = event.decode::<InventoryChanged>()? {
        return Ok(vec![changed.level]);
    }
    if let Some(reserved) = event.decode::<InventoryReserved>()? {
        return Ok(reserved.levels);
    }
    let released = event.decode::<InventoryReleased>()?;
    Ok(released.map(|released| released.levels).unwrap_or_default())
}

fn stock_level(level: LevelAfter) -> StockLevel {
    StockLevel {
        product_id: level.product_id,
        location: level.location,
        available: level.available,
        version: level.version,
    }
}
