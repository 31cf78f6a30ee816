//! What inventory tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{OrderId, ProductId, ReservationId};
use crate::ports::shared::events::{Event, events};

events!(InventoryChanged, InventoryReserved, InventoryReleased);

/// A stock level after a change. Levels arrive in the order of `version`, but a reader that missed one may compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LevelAfter {
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: String,
    /// Pieces that can still be sold.
    pub available: i64,
    /// Counts the changes of the level.
    pub version: i64,
}

/// Stock was received, adjusted or recounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryChanged {
    /// The level afterwards.
    pub level: LevelAfter,
    /// Pieces that came or went.
    pub quantity: i64,
    /// Why.
    pub reason: String,
}

impl Event for InventoryChanged {
    const TYPE: &'static str = "inventory.changed";

    fn subject(&self) -> String {
        self.level.product_id.to_string()
    }
}

/// Stock is held for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryReserved {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The order.
    pub order_id: OrderId,
    /// The levels afterwards.
    pub levels: Vec<LevelAfter>,
}

impl Event for InventoryReserved {
    const TYPE: &'static str = "inventory.reserved";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}

/// Why stock is free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Its order did not come about.
    Released,
    /// Nobody asked for it in time.
    Expired,
    /// It was sold and came back.
    Returned,
}

/// Stock that was held or sold is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryReleased {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: ReleaseReason,
    /// The levels afterwards.
    pub levels: Vec<LevelAfter>,
}

impl Event for InventoryReleased {
    const TYPE: &'static str = "inventory.released";

    fn subject(&self) -> String {
        self.order_id.to_string()
    }
}
