//! What orders asks of its storage.

use crate::domains::orders::order::Order;
use crate::domains::orders::status::Status;
use crate::domains::shared::ids::{OrderId, PaymentId, ReservationId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::page::{Page, PageRequest};
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// Keeps orders.
pub trait OrderStore: Send + Sync {
    /// Keeps a new order, with its lines and `unit`, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Duplicate`] when the order or the unit's key exists; nothing is written then.
    fn insert(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Replaces what can change of an order (status, whether it awaits payment, reason), with `unit`, in one
    /// transaction. MUST write only over the version right before the order's.
    ///
    /// # Errors
    /// [`StorageError::Stale`] when the order is at another version, or the unit's saga or delivery is somebody else's.
    fn update(&self, order: &Order, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Commits `unit` alone.
    ///
    /// # Errors
    /// As [`Self::update`].
    fn commit(&self, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// The order, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find(&self, id: OrderId) -> Result<Option<Order>, StorageError>;

    /// A page of a customer's orders, newest first; the cursor is the id of the last one shown.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn list(
        &self,
        customer: UserId,
        status: Option<Status>,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Page<Order>, StorageError>;

    /// A page of all orders by id.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::Corrupt`] for a cursor that is not an id.
    fn audit(&self, page: &PageRequest) -> Result<Page<AuditedOrder>, StorageError>;
}

/// What an audit compares of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: Status,
    /// What it costs.
    pub total: Money,
    /// Pieces in all of its lines.
    pub units: i64,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Its reservation.
    pub reservation_id: ReservationId,
    /// Whether a saga of it is under way.
    pub in_progress: bool,
    /// When it was written last.
    pub updated_at: Timestamp,
}
