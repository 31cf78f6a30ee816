//! What a context's consumers have parked, for those who look after it.

use std::sync::Arc;

use diesel::prelude::*;

use super::connection::DbConn;
use super::consumers::hold;
use super::database::Database;
use super::errors::storage_error;
use super::schema::dead_letters;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::dead_letters::{DeadLetterId, DeadLetterStore};
use crate::ports::shared::events::{DeadLetter, EventRecord, LetterPlace, LoggedEvent};
use crate::ports::shared::storage::StorageError;

/// Dead letters in the consumers' database.
pub struct SqlDeadLetterStore {
    database: Arc<Database>,
}

impl SqlDeadLetterStore {
    /// Those in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl DeadLetterStore for SqlDeadLetterStore {
    fn letters(
        &self,
        consumer: Option<&str>,
        after: Option<&LetterPlace>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        // No name is empty, so everything is behind this.
        let (last_consumer, last_seq) = after.map_or(("", 0), |place| (place.consumer.as_str(), place.seq));
        let behind = dead_letters::consumer.gt(last_consumer).or(dead_letters::consumer
            .eq(last_consumer)
            .and(dead_letters::seq.gt(last_seq)));
        let rows = self.database.read(|conn| {
            let page = dead_letters::table
                .filter(behind)
                .order((dead_letters::consumer, dead_letters::seq))
                .limit(i64::from(limit))
                .select(DeadLetterRow::as_select());
            match consumer {
                None => page.load(conn),
                Some(consumer) => page.filter(dead_letters::consumer.eq(consumer)).load(conn),
            }
        })?;
        rows.into_iter().map(DeadLetterRow::into_letter).collect()
    }

    fn find_letter(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, StorageError> {
        let row = self.database.read(|conn| {
            dead_letters::table
                .filter(dead_letters::consumer.eq(id.consumer()))
                .filter(dead_letters::event_id.eq(id.event_id().to_string()))
                .select(DeadLetterRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(DeadLetterRow::into_letter).transpose()
    }

    fn first_of_lane(&self, consumer: &str, subject: &str) -> Result<Option<DeadLetterId>, StorageError> {
        let row = self.database.read(|conn| first_of_lane(conn, consumer, subject))?;
        let letter = row.map(DeadLetterRow::into_letter).transpose()?;
        Ok(letter.as_ref().map(DeadLetterId::of))
    }

    fn settle(&self, place: &LetterPlace) -> Result<(), StorageError> {
        self.database.write(|conn| settle(conn, place))
    }

    fn note_attempt(&self, place: &LetterPlace, reason: &str) -> Result<bool, StorageError> {
        let noted = self.database.write(|conn| {
            diesel::update(dead_letters::table.find((&place.consumer, place.seq)))
                .set((
                    dead_letters::attempts.eq(dead_letters::attempts + 1),
                    dead_letters::reason.eq(reason),
                ))
                .execute(conn)
                .map_err(storage_error)
        })?;
        Ok(noted == 1)
    }

    fn discard(&self, place: &LetterPlace) -> Result<bool, StorageError> {
        self.database.write(|conn| {
            hold(conn, &place.consumer)?;
            delete(conn, place)
        })
    }
}

/// Parks an event inside of the caller's transaction.
pub(super) fn insert(conn: &mut DbConn, letter: &DeadLetter) -> Result<(), StorageError> {
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
        .map(|_one| ())
        .map_err(storage_error)
}

/// The first letter of a lane, as it stands in the caller's transaction.
pub(super) fn first_of_lane(
    conn: &mut DbConn,
    consumer: &str,
    subject: &str,
) -> diesel::QueryResult<Option<DeadLetterRow>> {
    dead_letters::table
        .filter(dead_letters::consumer.eq(consumer))
        .filter(dead_letters::subject.eq(subject))
        .order(dead_letters::seq)
        .select(DeadLetterRow::as_select())
        .first(conn)
        .optional()
}

/// Ends a letter inside of the transaction of its event's effect. That it is there, and the first of its lane, is what
/// makes the effect happen once and in its order: of two that replay it, one finds it gone.
pub(super) fn settle(conn: &mut DbConn, place: &LetterPlace) -> Result<(), StorageError> {
    hold(conn, &place.consumer)?;
    let subject: Option<String> = dead_letters::table
        .find((&place.consumer, place.seq))
        .select(dead_letters::subject)
        .first(conn)
        .optional()
        .map_err(storage_error)?;
    let subject = subject.ok_or(StorageError::Stale)?;
    let first = first_of_lane(conn, &place.consumer, &subject).map_err(storage_error)?;
    if first.is_none_or(|first| first.seq != place.seq) || !delete(conn, place)? {
        return Err(StorageError::Stale);
    }
    Ok(())
}

fn delete(conn: &mut DbConn, place: &LetterPlace) -> Result<bool, StorageError> {
    let deleted = diesel::delete(dead_letters::table.find((&place.consumer, place.seq)))
        .execute(conn)
        .map_err(storage_error)?;
    Ok(deleted == 1)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
pub(super) struct DeadLetterRow {
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
    pub(super) fn into_letter(self) -> Result<DeadLetter, StorageError> {
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
