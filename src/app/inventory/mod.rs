//! The use cases of inventory.

use std::sync::Arc;

use crate::domains::inventory::movement::{Movement, MovementKind};
use crate::domains::inventory::stock_level::StockLevel;
use crate::ports::inventory::events::LevelAfter;
use crate::ports::inventory::operations;
use crate::ports::inventory::outbound::InventoryStore;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::idempotency::IdempotencyStore;

pub mod change_stock;
pub mod get_stock;
pub mod list_movements;

pub mod reserve_stock;

mod end_reservation;

pub mod commit_reservation;
pub mod expire_reservations;
pub mod release_reservation;
pub mod return_stock;

pub mod audit_reservations;
pub mod audit_stock;

/// Inventory in this process.
pub struct InventoryService {
    store: Arc<dyn InventoryStore>,
    keys: Arc<dyn IdempotencyStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl InventoryService {
    /// Inventory over these ports; `keys` MUST be in the database of `store`, which commits them.
    pub fn new(
        store: Arc<dyn InventoryStore>,
        keys: Arc<dyn IdempotencyStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            keys,
            clock,
            ids,
        }
    }
}

fn published_level(level: &StockLevel) -> operations::StockLevel {
    operations::StockLevel {
        product_id: level.product_id(),
        location: level.location().to_string(),
        on_hand: level.on_hand(),
        reserved: level.reserved(),
        version: level.version(),
    }
}

fn level_after(level: &StockLevel) -> LevelAfter {
    LevelAfter {
        product_id: level.product_id(),
        location: level.location().to_string(),
        available: level.available(),
        version: level.version(),
    }
}

fn published_movement(movement: Movement) -> operations::Movement {
    operations::Movement {
        id: movement.id,
        product_id: movement.product_id,
        location: movement.location.to_string(),
        kind: match movement.kind {
            MovementKind::Receive => operations::MovementKind::Receive,
            MovementKind::Adjust => operations::MovementKind::Adjust,
            MovementKind::Recount => operations::MovementKind::Recount,
            MovementKind::Sale => operations::MovementKind::Sale,
            MovementKind::Return => operations::MovementKind::Return,
        },
        quantity: movement.quantity,
        on_hand_after: movement.on_hand_after,
        reason: movement.reason,
        reservation_id: movement.reservation_id,
        occurred_at: movement.occurred_at,
    }
}
