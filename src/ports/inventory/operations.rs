//! What one can ask of inventory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{MovementId, OrderId, ProductId, ReservationId};
use crate::domains::shared::quantity::Quantity;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Key, operation, table_of_contents};
use crate::ports::shared::page::{Page, PageRequest};

table_of_contents! {
    /// Inventory, as its callers see it.
    Inventory = "inventory", super::events::EVENTS:
        ChangeStock, GetStock, ListMovements, ReserveStock, CommitReservation, ReleaseReservation, ReturnStock,
        ExpireReservations, AuditStock, AuditReservations
}

/// The location of shops that have only one.
pub const DEFAULT_LOCATION: &str = "main";

/// How much there is of a product at a location. `available` is what can still be sold: on hand, less reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLevel {
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: String,
    /// Pieces that are there.
    pub on_hand: i64,
    /// Pieces of these that are promised to somebody.
    pub reserved: i64,
    /// Counts the changes.
    pub version: i64,
}

impl StockLevel {
    /// Pieces that can still be sold.
    pub fn available(&self) -> i64 {
        self.on_hand.saturating_sub(self.reserved)
    }
}

/// How staff change stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockChange {
    /// So many pieces arrived: more than zero.
    Receive(i64),
    /// So many pieces more or, where negative, fewer: breakage, theft, a find.
    Adjust(i64),
    /// So many pieces were counted: zero or more. The ledger gets the difference.
    Recount(i64),
}

/// Changes stock, with an entry in the ledger. Needs an idempotency key: nothing else tells a second delivery of ten
/// from the first one sent twice.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangeStock {
    /// Of what.
    pub product_id: ProductId,
    /// Where; [`DEFAULT_LOCATION`] if the shop has only one.
    pub location: String,
    /// How.
    pub change: StockChange,
    /// Why, in the words of staff: 1 to 200 characters.
    pub reason: String,
}
operation!(ChangeStock => StockLevel, ChangeStockError; "inventory.change_stock", Command, Staff, keyed;
    key = |op| Key::of(&op.product_id));

/// Why stock cannot be changed as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChangeStockError {
    /// Fewer pieces would be on hand than are promised; this many are available.
    BelowReserved {
        /// Pieces that can still be taken.
        available: i64,
    },
    /// A field breaks a rule: which, and how.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// How much there is of a product, at each location that ever had some; nothing for an unknown product.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetStock {
    /// Of what.
    pub product_id: ProductId,
}
operation!(GetStock => Vec<StockLevel>, Never; "inventory.get_stock", Query, Public; key = |op| Key::of(&op.product_id));

/// Why a figure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// A delivery.
    Receive,
    /// A correction.
    Adjust,
    /// The difference that a count found.
    Recount,
    /// A sale left the shop's hands.
    Sale,
    /// A sale came back.
    Return,
}

/// An entry of the ledger. `on_hand` of a level is the sum of its movements' quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: String,
    /// What kind.
    pub kind: MovementKind,
    /// Pieces that came (positive) or went (negative).
    pub quantity: i64,
    /// On hand afterwards.
    pub on_hand_after: i64,
    /// Why.
    pub reason: String,
    /// The reservation that was sold or came back.
    pub reservation_id: Option<ReservationId>,
    /// When.
    pub occurred_at: Timestamp,
}

/// The ledger of a product, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListMovements {
    /// Of what.
    pub product_id: ProductId,
    /// Which page.
    pub page: PageRequest,
}
operation!(ListMovements => Page<Movement>, ListMovementsError; "inventory.list_movements", Query, Staff;
    key = |op| Key::of(&op.product_id));

/// Why the ledger cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ListMovementsError {
    /// The cursor is not one that this list gave.
    InvalidCursor,
}

/// So many pieces of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLine {
    /// Of what.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
}

/// Holds stock for an order: all lines or none. The same reservation twice is held once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReserveStock {
    /// The id it shall have, chosen by the caller.
    pub reservation_id: ReservationId,
    /// For which order.
    pub order_id: OrderId,
    /// What, each product on one line: 1 to [`ReserveStock::MAX_LINES`].
    pub lines: Vec<StockLine>,
    /// When it expires by itself if it is neither committed nor released.
    pub expires_at: Timestamp,
}
operation!(ReserveStock => (), ReserveStockError; "inventory.reserve_stock", Command, Internal;
    key = |op| Key::of(&op.reservation_id));

impl ReserveStock {
    /// The most lines of a reservation: as many as an order has.
    pub const MAX_LINES: usize = 100;
}

/// Of a product there is less than was wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// Of what.
    pub product_id: ProductId,
    /// Pieces wished.
    pub requested: i64,
    /// Pieces that can be had.
    pub available: i64,
}

/// Why stock cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReserveStockError {
    /// Not enough of these; nothing is held.
    OutOfStock(Vec<Shortage>),
    /// A reservation of this id has been released, has expired, or is another one.
    ReservationEnded,
}

/// The order of a reservation stands: its pieces leave the shop's hands. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CommitReservation {
    /// Which.
    pub reservation_id: ReservationId,
}
operation!(CommitReservation => (), EndReservationError; "inventory.commit_reservation", Command, Internal;
    key = |op| Key::of(&op.reservation_id));

/// Why a reservation cannot be committed or its stock not be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EndReservationError {
    /// There is none of this id.
    NotFound,
    /// It has ended otherwise: released or expired when asked to commit, never committed when asked to return.
    EndedOtherwise,
}

/// Lets the pieces of a reservation go. One that is unknown is remembered as released, so that a late [`ReserveStock`]
/// of the same id holds nothing; one that was committed is left alone and said so. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseReservation {
    /// Which.
    pub reservation_id: ReservationId,
    /// For which order.
    pub order_id: OrderId,
}
operation!(ReleaseReservation => (), EndReservationError; "inventory.release_reservation", Command, Internal;
    key = |op| Key::of(&op.reservation_id));

/// Takes the pieces of a committed reservation back: the order was cancelled. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReturnStock {
    /// Which.
    pub reservation_id: ReservationId,
}
operation!(ReturnStock => (), EndReservationError; "inventory.return_stock", Command, Internal;
    key = |op| Key::of(&op.reservation_id));

/// Lets go of active reservations whose time is up, the most overdue first, each in a transaction of its own; tells how
/// many. For the worker that asks again and again: fewer than `limit` means that none was left.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExpireReservations {
    /// How many at most.
    pub limit: u32,
}
operation!(ExpireReservations => u32, Never; "inventory.expire_reservations", Command, Internal);

/// Levels that contradict the ledger or the reservations: a page of all products, ordered by id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditStock {
    /// Which page; the limit counts levels looked at.
    pub page: PageRequest,
}
operation!(AuditStock => Page<StockAudit>, Never; "inventory.audit_stock", Query, Internal);

/// What the three sources say of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockAudit {
    /// The level.
    pub level: StockLevel,
    /// Sum of the ledger.
    pub ledger_sum: i64,
    /// Sum of the active reservations.
    pub active_reserved: i64,
    /// Sum of what was received, adjusted, recounted and returned: what could ever be sold.
    pub brought_in: i64,
    /// Sum of what was sold.
    pub sold: i64,
}

/// All reservations, ordered by order id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditReservations {
    /// Which page.
    pub page: PageRequest,
}
operation!(AuditReservations => Page<ReservationAudit>, Never; "inventory.audit_reservations", Query, Internal);

/// What inventory knows of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationAudit {
    /// The order.
    pub order_id: OrderId,
    /// The reservation.
    pub reservation_id: ReservationId,
    /// `active`, `committed`, `released`, `expired` or `returned`.
    pub status: String,
    /// Pieces in all lines.
    pub units: i64,
}
