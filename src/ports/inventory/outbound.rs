//! What inventory asks of its storage.

use super::operations::{ReservationAudit, Shortage, StockAudit};
use crate::domains::inventory::location::Location;
use crate::domains::inventory::movement::{Movement, MovementKind};
use crate::domains::inventory::reservation::{Ending, Reservation};
use crate::domains::inventory::reservation_wish::ReservationWish;
use crate::domains::inventory::stock_change::StockChange;
use crate::domains::inventory::stock_level::{LevelRefusal, StockLevel};
use crate::domains::shared::ids::{MovementId, OrderId, ProductId, ReservationId};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Makes what is committed with a change out of the change's result: figures that are known only once the rows are
/// locked. Is called inside of the transaction, so it MUST NOT ask a store for anything.
pub type UnitFor<'a, T> = &'a dyn Fn(&T) -> Result<UnitOfWork, StorageError>;

/// A change of a level by staff, with its entry in the ledger.
#[derive(Debug, Clone)]
pub struct LevelChange {
    /// Of what.
    pub product_id: ProductId,
    /// Where.
    pub location: Location,
    /// How.
    pub change: StockChange,
    /// Id of the entry.
    pub movement_id: MovementId,
    /// Why.
    pub reason: String,
    /// When.
    pub occurred_at: Timestamp,
}

/// A level that was changed, and by how many pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLevel {
    /// The level afterwards.
    pub level: StockLevel,
    /// Pieces that came or went.
    pub difference: i64,
}

impl LevelChange {
    /// The entry in the ledger of what came of the change.
    pub fn entry(&self, changed: &ChangedLevel) -> Movement {
        Movement {
            id: self.movement_id,
            product_id: self.product_id,
            location: self.location.clone(),
            kind: MovementKind::from(self.change.kind()),
            quantity: changed.difference,
            on_hand_after: changed.level.on_hand(),
            reason: self.reason.clone(),
            reservation_id: None,
            occurred_at: self.occurred_at,
        }
    }
}

/// What became of a wish for a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserving {
    /// It is held now.
    Held,
    /// A reservation of this id exists; nothing was written.
    Exists(Reservation),
    /// There is not enough of these, by product id; nothing was written.
    Short(Vec<Shortage>),
}

/// The last entry of a page of levels: the next page begins behind it.
pub type LevelKey = (ProductId, String);

/// Levels, their ledger and the reservations.
///
/// `on_hand` of a level MUST be the sum of its ledger and `reserved` the sum of the active reservations at every
/// instant that a reader can see, and `0 <= reserved <= on_hand`. Writers touch levels in the order of product ids, so
/// that no two wait for each other.
pub trait InventoryStore: Send + Sync {
    /// The levels of a product, by location; none for one that never had stock.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn levels_of(&self, product_id: ProductId) -> Result<Vec<StockLevel>, StorageError>;

    /// The ledger of a product, newest first: at most `limit` entries, older than `before`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn movements_of(
        &self,
        product_id: ProductId,
        before: Option<MovementId>,
        limit: u32,
    ) -> Result<Vec<Movement>, StorageError>;

    /// Changes a level, which is made if need be, and writes the ledger, or refuses to; in either case commits what
    /// `unit` makes of the result in the same transaction. Concurrent changes of one level MUST take turns.
    ///
    /// # Errors
    /// [`StorageError::Duplicate`] when the unit's key exists: nothing is written.
    fn change_level(
        &self,
        change: &LevelChange,
        unit: UnitFor<'_, Result<ChangedLevel, LevelRefusal>>,
    ) -> Result<Result<ChangedLevel, LevelRefusal>, StorageError>;

    /// Holds all lines of a wish or none, and commits what `unit` makes of the levels afterwards (by product id). Each
    /// line is held at one location: [`DEFAULT_LOCATION`](super::operations::DEFAULT_LOCATION) if there is enough, else
    /// the first by name that has enough. MUST NOT hold more than is available, however many ask at once, and of two
    /// wishes with the same id MUST hold one. A shortage tells the most pieces that one location has.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn reserve(&self, wish: &ReservationWish, unit: UnitFor<'_, Vec<StockLevel>>) -> Result<Reserving, StorageError>;

    /// The reservation, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find_reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StorageError>;

    /// Writes a transition with its effect on the levels and the ledger (ids from `ids`), and commits what `unit` makes
    /// of the levels afterwards (by product id).
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the reservation no longer has the status the transition starts from.
    fn end_reservation(
        &self,
        ending: &Ending,
        ids: &dyn IdSource,
        unit: UnitFor<'_, Vec<StockLevel>>,
    ) -> Result<(), StorageError>;

    /// Writes a reservation that was released before it was held.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Duplicate`] when there is a reservation of this id.
    fn remember_released(&self, reservation: &Reservation) -> Result<(), StorageError>;

    /// Active reservations that expire at `now` or before, the most overdue first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn due_reservations(&self, now: Timestamp, limit: u32) -> Result<Vec<Reservation>, StorageError>;

    /// Levels beside the sums of their ledger and reservations, at most `limit` behind `after`, by product id and
    /// location. All figures of a page MUST be of one instant: otherwise the audit accuses whoever buys meanwhile.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn audit_stock(&self, after: Option<&LevelKey>, limit: u32) -> Result<Vec<StockAudit>, StorageError>;

    /// Reservations by order id, then by id: at most `limit` behind `after`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn audit_reservations(
        &self,
        after: Option<(OrderId, ReservationId)>,
        limit: u32,
    ) -> Result<Vec<ReservationAudit>, StorageError>;
}
