//! Idempotency keys in the context's database.

use std::sync::Arc;

use diesel::prelude::*;

use super::connection::DbConn;
use super::database::Database;
use super::errors::storage_error;
use super::schema::idempotency_keys;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::idempotency::{IdempotencyKey, IdempotencyStore, KEPT_FOR_MS, KeyRecord};
use crate::ports::shared::storage::StorageError;

/// Idempotency keys in the context's database.
pub struct SqlIdempotencyStore {
    database: Arc<Database>,
}

impl SqlIdempotencyStore {
    /// Keys in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

impl IdempotencyStore for SqlIdempotencyStore {
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let row = self.database.read(|conn| {
            idempotency_keys::table
                .find((scope, key.as_str()))
                .filter(idempotency_keys::created_at.ge(not_before.naive_utc()))
                .select(KeyRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(KeyRow::into_record).transpose()
    }

    fn forget_keys(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError> {
        self.database.write(|conn| {
            let old: Vec<(String, String)> = idempotency_keys::table
                .filter(idempotency_keys::created_at.lt(before.naive_utc()))
                .order(idempotency_keys::created_at)
                .limit(i64::from(limit))
                .select((idempotency_keys::scope, idempotency_keys::key))
                .load(conn)
                .map_err(storage_error)?;
            for (scope, key) in &old {
                diesel::delete(idempotency_keys::table.find((scope, key)))
                    .execute(conn)
                    .map_err(storage_error)?;
            }
            Ok(old.len())
        })
    }
}

pub(super) fn insert(conn: &mut DbConn, record: &KeyRecord) -> Result<(), StorageError> {
    // A key past its time is as good as none.
    let forgotten_before = record.created_at.plus_ms(-KEPT_FOR_MS);
    diesel::delete(
        idempotency_keys::table
            .find((&record.scope, record.key.as_str()))
            .filter(idempotency_keys::created_at.lt(forgotten_before.naive_utc())),
    )
    .execute(conn)
    .map_err(storage_error)?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::scope.eq(&record.scope),
            idempotency_keys::key.eq(record.key.as_str()),
            idempotency_keys::operation.eq(&record.operation),
            idempotency_keys::fingerprint.eq(&record.fingerprint),
            idempotency_keys::answer.eq(record.answer.as_deref()),
            idempotency_keys::created_at.eq(record.created_at.naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}

/// Answers a key, if it is still the one that was claimed: a saga that ends after its key was forgotten, or was claimed
/// anew for something else, has nobody left to tell.
pub(super) fn answer(conn: &mut DbConn, record: &KeyRecord) -> Result<(), StorageError> {
    diesel::update(
        idempotency_keys::table
            .find((&record.scope, record.key.as_str()))
            .filter(idempotency_keys::created_at.eq(record.created_at.naive_utc())),
    )
    .set(idempotency_keys::answer.eq(record.answer.as_deref()))
    .execute(conn)
    .map(|_none_or_one| ())
    .map_err(storage_error)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct KeyRow {
    scope: String,
    key: String,
    operation: String,
    fingerprint: String,
    answer: Option<String>,
    created_at: chrono::NaiveDateTime,
}

impl KeyRow {
    fn into_record(self) -> Result<KeyRecord, StorageError> {
        Ok(KeyRecord {
            scope: self.scope,
            key: self.key.parse().map_err(StorageError::corrupt)?,
            operation: self.operation,
            fingerprint: self.fingerprint,
            answer: self.answer,
            created_at: Timestamp::from_naive_utc(self.created_at),
        })
    }
}
