//! Bodies that both endpoints share.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domains::shared::ids::{MovementId, ProductId, ReservationId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::inventory::operations::{Movement, MovementKind, StockLevel};

/// How much there is of a product at a location.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LevelBody {
    /// Of what.
    #[schema(value_type = String, example = "prd_01h2e8kqvbfwea724h75qc655w")]
    product_id: ProductId,
    /// Where.
    #[schema(example = "main")]
    location: String,
    /// Pieces that are there.
    #[schema(minimum = 0, example = 10)]
    on_hand: i64,
    /// Pieces of these that are promised to customers.
    #[schema(minimum = 0, example = 3)]
    reserved: i64,
    /// Pieces that can still be sold: on hand, less reserved.
    #[schema(minimum = 0, example = 7)]
    available: i64,
    /// Counts the changes of the level.
    version: i64,
}

impl From<StockLevel> for LevelBody {
    fn from(level: StockLevel) -> Self {
        Self {
            available: level.available(),
            product_id: level.product_id,
            location: level.location,
            on_hand: level.on_hand,
            reserved: level.reserved,
            version: level.version,
        }
    }
}

/// An entry of the ledger: why a level's figures changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovementBody {
    /// Its id.
    #[schema(value_type = String, example = "mov_01h2e8kqvbfwea724h75qc655w")]
    id: MovementId,
    /// Where.
    #[schema(example = "main")]
    location: String,
    /// What moved pieces.
    kind: MovementKindBody,
    /// Pieces that came (positive) or went (negative); 0 where a count found what the books said.
    #[schema(example = -3)]
    quantity: i64,
    /// On hand at the location afterwards.
    #[schema(minimum = 0, example = 7)]
    on_hand_after: i64,
    /// Why.
    #[schema(example = "damaged in transport")]
    reason: String,
    /// The reservation that was sold or came back.
    #[schema(value_type = Option<String>)]
    reservation_id: Option<ReservationId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
}

/// What moved pieces.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MovementKindBody {
    Receive,
    Adjust,
    Recount,
    Sale,
    Return,
}

impl From<Movement> for MovementBody {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id,
            location: movement.location,
            kind: match movement.kind {
                MovementKind::Receive => MovementKindBody::Receive,
                MovementKind::Adjust => MovementKindBody::Adjust,
                MovementKind::Recount => MovementKindBody::Recount,
                MovementKind::Sale => MovementKindBody::Sale,
                MovementKind::Return => MovementKindBody::Return,
            },
            quantity: movement.quantity,
            on_hand_after: movement.on_hand_after,
            reason: movement.reason,
            reservation_id: movement.reservation_id,
            occurred_at: movement.occurred_at,
        }
    }
}
