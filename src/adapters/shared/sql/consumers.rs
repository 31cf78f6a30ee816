//! Where a context's consumers stand, and what they have parked.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;

use super::connection::DbConn;
use super::database::Database;
use super::errors::storage_error;
use super::schema::{consumer_positions, dead_letters};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, Delivery, EventRecord, LoggedEvent};
use crate::ports::shared::storage::StorageError;

/// Positions and dead letters in the consumer's database.
pub struct SqlConsumerStore {
    database: Arc<Database>,
}

impl SqlConsumerStore {
    /// Positions in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl ConsumerStandings for SqlConsumerStore {
    fn position(&self, consumer: &str) -> Result<i64, StorageError> {
        let position = self.database.read(|conn| {
            consumer_positions::table
                .find(consumer)
                .select(consumer_positions::position)
                .first(conn)
                .optional()
        })?;
        Ok(position.unwrap_or(0))
    }

    fn parked(&self, consumer: &str, limit: u32) -> Result<Vec<DeadLetter>, StorageError> {
        let rows = self.database.read(|conn| {
            dead_letters::table
                .filter(dead_letters::consumer.eq(consumer))
                .order(dead_letters::seq)
                .limit(i64::from(limit))
                .select(DeadLetterRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(DeadLetterRow::into_letter).collect()
    }
}

impl ConsumerStore for SqlConsumerStore {
    fn advance(&self, delivery: &Delivery) -> Result<(), StorageError> {
        self.database.write(|conn| advance(conn, delivery))
    }

    fn parked_among(&self, consumer: &str, subjects: &[&str]) -> Result<BTreeSet<String>, StorageError> {
        if subjects.is_empty() {
            return Ok(BTreeSet::new());
        }
        let parked: Vec<String> = self.database.read(|conn| {
            dead_letters::table
                .filter(dead_letters::consumer.eq(consumer))
                .filter(dead_letters::subject.eq_any(subjects))
                .select(dead_letters::subject)
                .distinct()
                .load(conn)
        })?;
        Ok(parked.into_iter().collect())
    }

    fn park(&self, letter: &DeadLetter, delivery: &Delivery) -> Result<(), StorageError> {
        self.database.write(|conn| {
            let event = &letter.event.event;
            diesel::insert_into(dead_letters::table)
                .values((
                    dead_letters::consumer.eq(&letter.consumer),
                    dead_letters::seq.eq(letter.event.seq),
                    dead_letters::event_id.eq(event.event_id.to_string()),
                    dead_letters::event_type.eq(&event.event_type),
                    dead_letters::version.eq(event.version),
                    dead_letters::subject.eq(&event.subject),
                    dead_letters::payload.eq(&event.payload),
                    dead_letters::occurred_at.eq(event.occurred_at.naive_utc()),
                    dead_letters::correlation_id.eq(event.correlation_id.to_string()),
                    dead_letters::trace_parent.eq(event.trace_parent.as_deref()),
                    dead_letters::reason.eq(&letter.reason),
                    dead_letters::attempts.eq(letter.attempts),
                    dead_letters::parked_at.eq(letter.parked_at.naive_utc()),
                ))
                .execute(conn)
                .map_err(storage_error)?;
            advance(conn, delivery)
        })
    }
}

/// Moves a consumer on inside of the caller's transaction. The condition on the old position is what makes an effect
/// happen once: of two that carry out the same event only one finds the consumer where the event began.
pub(super) fn advance(conn: &mut DbConn, delivery: &Delivery) -> Result<(), StorageError> {
    let moved = diesel::update(
        consumer_positions::table
            .find(&delivery.consumer)
            .filter(consumer_positions::position.eq(delivery.from_position)),
    )
    .set(consumer_positions::position.eq(delivery.to_position))
    .execute(conn)
    .map_err(storage_error)?;
    if moved == 1 {
        return Ok(());
    }
    if delivery.from_position != 0 {
        return Err(StorageError::Stale);
    }
    diesel::insert_into(consumer_positions::table)
        .values((
            consumer_positions::consumer.eq(&delivery.consumer),
            consumer_positions::position.eq(delivery.to_position),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(|error| match storage_error(error) {
            StorageError::Duplicate { .. } => StorageError::Stale,
            other => other,
        })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
struct DeadLetterRow {
    consumer: String,
    seq: i64,
    event_id: String,
    event_type: String,
    version: i32,
    subject: String,
    payload: String,
    occurred_at: chrono::NaiveDateTime,
    correlation_id: String,
    trace_parent: Option<String>,
    reason: String,
    attempts: i32,
    parked_at: chrono::NaiveDateTime,
}

impl DeadLetterRow {
    fn into_letter(self) -> Result<DeadLetter, StorageError> {
        Ok(DeadLetter {
            consumer: self.consumer,
            event: LoggedEvent {
                seq: self.seq,
                event: EventRecord {
                    event_id: self.event_id.parse().map_err(StorageError::corrupt)?,
                    event_type: self.event_type,
                    version: self.version,
                    subject: self.subject,
                    payload: self.payload,
                    occurred_at: Timestamp::from_naive_utc(self.occurred_at),
                    correlation_id: self.correlation_id.parse().map_err(StorageError::corrupt)?,
                    trace_parent: self.trace_parent,
                },
            },
            reason: self.reason,
            attempts: self.attempts,
            parked_at: Timestamp::from_naive_utc(self.parked_at),
        })
    }
}
