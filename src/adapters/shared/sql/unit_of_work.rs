//! What is committed together with an aggregate.

use super::connection::DbConn;
use super::{consumers, dead_letters, event_log, idempotency, sagas};
use crate::ports::shared::events::Delivery;
use crate::ports::shared::storage::{KeyWrite, SagaWrite, StorageError, UnitOfWork};

/// Writes the parts of a unit inside of the caller's transaction, behind the aggregate's own statements; events last.
pub(super) fn write(conn: &mut DbConn, unit: &UnitOfWork) -> Result<(), StorageError> {
    match &unit.saga {
        Some(SagaWrite::Begin(saga)) => sagas::insert(conn, saga)?,
        Some(SagaWrite::Advance(saga)) => sagas::update(conn, saga)?,
        None => {}
    }
    match &unit.key {
        Some(KeyWrite::Claim(record)) => idempotency::insert(conn, record)?,
        Some(KeyWrite::Answer(record)) => idempotency::answer(conn, record)?,
        None => {}
    }
    match &unit.delivery {
        Some(Delivery::Passage(passage)) => consumers::advance(conn, passage)?,
        Some(Delivery::Letter(place)) => dead_letters::settle(conn, place)?,
        None => {}
    }
    event_log::append(conn, &unit.events)
}
