//! Where a context's consumers stand, and what they have parked.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;

use super::connection::DbConn;
use super::database::Database;
use super::dead_letters::{self, DeadLetterRow};
use super::errors::storage_error;
use super::schema::{consumer_positions, dead_letters as letters};
use crate::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, Passage};
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
            letters::table
                .filter(letters::consumer.eq(consumer))
                .order(letters::seq)
                .limit(i64::from(limit))
                .select(DeadLetterRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(DeadLetterRow::into_letter).collect()
    }
}

impl ConsumerStore for SqlConsumerStore {
    fn advance(&self, passage: &Passage) -> Result<(), StorageError> {
        self.database.write(|conn| advance(conn, passage))
    }

    fn parked_among(&self, consumer: &str, subjects: &[&str]) -> Result<BTreeSet<String>, StorageError> {
        if subjects.is_empty() {
            return Ok(BTreeSet::new());
        }
        let parked: Vec<String> = self.database.read(|conn| {
            letters::table
                .filter(letters::consumer.eq(consumer))
                .filter(letters::subject.eq_any(subjects))
                .select(letters::subject)
                .distinct()
                .load(conn)
        })?;
        Ok(parked.into_iter().collect())
    }

    fn park(&self, letter: &DeadLetter, passage: &Passage) -> Result<(), StorageError> {
        self.database.write(|conn| {
            dead_letters::insert(conn, letter)?;
            advance(conn, passage)
        })
    }

    fn park_behind(&self, letter: &DeadLetter, passage: &Passage) -> Result<bool, StorageError> {
        self.database.write(|conn| {
            hold(conn, &letter.consumer)?;
            let lane = dead_letters::first_of_lane(conn, &letter.consumer, &letter.event.event.subject);
            if lane.map_err(storage_error)?.is_none() {
                return Ok(false);
            }
            dead_letters::insert(conn, letter)?;
            advance(conn, passage)?;
            Ok(true)
        })
    }
}

/// Holds the consumer's position until the end of the transaction: its reader, and whoever else changes its letters, come
/// one after the other. Behind the statements of the effect, as [`advance`] is, so that no cycle of locks can form.
pub(super) fn hold(conn: &mut DbConn, consumer: &str) -> Result<(), StorageError> {
    let position = consumer_positions::table
        .find(consumer)
        .select(consumer_positions::position);
    match conn {
        // BEGIN IMMEDIATE: this transaction is the only writer.
        DbConn::Sqlite(_) => Ok(()),
        DbConn::Postgres(c) => position
            .for_update()
            .first::<i64>(c)
            .optional()
            .map(|_held| ())
            .map_err(storage_error),
    }
}

/// Moves a consumer on inside of the caller's transaction. The condition on the old position is what makes an effect
/// happen once: of two that carry out the same event only one finds the consumer where the event began.
pub(super) fn advance(conn: &mut DbConn, passage: &Passage) -> Result<(), StorageError> {
    let moved = diesel::update(
        consumer_positions::table
            .find(&passage.consumer)
            .filter(consumer_positions::position.eq(passage.from_position)),
    )
    .set(consumer_positions::position.eq(passage.to_position))
    .execute(conn)
    .map_err(storage_error)?;
    if moved == 1 {
        return Ok(());
    }
    if passage.from_position != 0 {
        return Err(StorageError::Stale);
    }
    diesel::insert_into(consumer_positions::table)
        .values((
            consumer_positions::consumer.eq(&passage.consumer),
            consumer_positions::position.eq(passage.to_position),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(|error| match storage_error(error) {
            StorageError::Duplicate { .. } => StorageError::Stale,
            other => other,
        })
}
