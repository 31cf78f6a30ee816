//! Sagas in the context's database.

use std::sync::Arc;

use diesel::prelude::*;

use super::connection::DbConn;
use super::database::Database;
use super::errors::storage_error;
use super::schema::sagas;
use crate::domains::shared::ids::SagaId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::lease::Lease;
use crate::ports::shared::saga::{SagaRecord, SagaStatus, SagaStore};
use crate::ports::shared::storage::StorageError;

/// Sagas in the context's database.
pub struct SqlSagaStore {
    database: Arc<Database>,
}

impl SqlSagaStore {
    /// Sagas in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    fn has_saga(&self, subject: &str, statuses: &[SagaStatus]) -> Result<bool, StorageError> {
        let names: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
        self.database.read(|conn| {
            diesel::select(diesel::dsl::exists(
                sagas::table
                    .filter(sagas::subject.eq(subject))
                    .filter(sagas::status.eq_any(names)),
            ))
            .get_result(conn)
        })
    }
}

impl SagaStore for SqlSagaStore {
    fn advance_saga(&self, saga: &SagaRecord) -> Result<(), StorageError> {
        self.database.write(|conn| update(conn, saga))
    }

    fn take_due_sagas(&self, now: Timestamp, lease: &Lease, limit: u32) -> Result<Vec<SagaRecord>, StorageError> {
        self.database.write(|conn| {
            let due: Vec<SagaRow> = sagas::table
                .filter(sagas::status.eq_any([SagaStatus::Running.name(), SagaStatus::Compensating.name()]))
                .filter(sagas::lease_until.le(now.naive_utc()))
                .filter(sagas::next_attempt_at.le(now.naive_utc()))
                .order(sagas::created_at)
                .limit(i64::from(limit))
                .select(SagaRow::as_select())
                .load(conn)
                .map_err(storage_error)?;
            let mut taken = Vec::new();
            for row in due {
                // The old lease in the condition: of two takers, one finds it changed.
                let got_it = diesel::update(
                    sagas::table
                        .find(&row.id)
                        .filter(sagas::lease_owner.eq(&row.lease_owner))
                        .filter(sagas::lease_until.eq(row.lease_until)),
                )
                .set((
                    sagas::lease_owner.eq(&lease.owner),
                    sagas::lease_until.eq(lease.until.naive_utc()),
                ))
                .execute(conn)
                .map_err(storage_error)?;
                if got_it == 1 {
                    taken.push(SagaRecord {
                        lease: lease.clone(),
                        ..row.into_record()?
                    });
                }
            }
            Ok(taken)
        })
    }

    fn find_saga(&self, id: SagaId) -> Result<Option<SagaRecord>, StorageError> {
        let row = self.database.read(|conn| {
            sagas::table
                .find(id.to_string())
                .select(SagaRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(SagaRow::into_record).transpose()
    }

    fn has_open_saga(&self, subject: &str) -> Result<bool, StorageError> {
        self.has_saga(
            subject,
            &[SagaStatus::Running, SagaStatus::Compensating, SagaStatus::Stuck],
        )
    }

    fn has_running_saga(&self, subject: &str) -> Result<bool, StorageError> {
        self.has_saga(subject, &[SagaStatus::Running, SagaStatus::Compensating])
    }

    fn open_sagas(&self, limit: u32) -> Result<Vec<SagaRecord>, StorageError> {
        let ended = [SagaStatus::Done.name(), SagaStatus::Failed.name()];
        let rows = self.database.read(|conn| {
            sagas::table
                .filter(sagas::status.ne_all(ended))
                .order(sagas::created_at)
                .limit(i64::from(limit))
                .select(SagaRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(SagaRow::into_record).collect()
    }

    fn end_leases_of(&self, owners: &[String], now: Timestamp) -> Result<usize, StorageError> {
        let theirs = sagas::table
            .filter(sagas::lease_owner.eq_any(owners))
            .filter(sagas::lease_until.gt(now.naive_utc()));
        self.database.write(|conn| {
            diesel::update(theirs)
                .set(sagas::lease_until.eq(now.naive_utc()))
                .execute(conn)
                .map_err(storage_error)
        })
    }

    fn end_all_leases(&self, now: Timestamp) -> Result<usize, StorageError> {
        self.database.write(|conn| {
            diesel::update(sagas::table.filter(sagas::lease_until.gt(now.naive_utc())))
                .set(sagas::lease_until.eq(now.naive_utc()))
                .execute(conn)
                .map_err(storage_error)
        })
    }
}

pub(super) fn insert(conn: &mut DbConn, saga: &SagaRecord) -> Result<(), StorageError> {
    diesel::insert_into(sagas::table)
        .values((
            sagas::id.eq(saga.id.to_string()),
            sagas::kind.eq(&saga.kind),
            sagas::subject.eq(&saga.subject),
            sagas::status.eq(saga.status.name()),
            sagas::position.eq(saga.position),
            sagas::state.eq(&saga.state),
            sagas::attempts.eq(saga.attempts),
            sagas::reason.eq(saga.reason.as_deref()),
            sagas::lease_owner.eq(&saga.lease.owner),
            sagas::lease_until.eq(saga.lease.until.naive_utc()),
            sagas::next_attempt_at.eq(saga.next_attempt_at.naive_utc()),
            sagas::created_at.eq(saga.created_at.naive_utc()),
            sagas::updated_at.eq(saga.updated_at.naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}

pub(super) fn update(conn: &mut DbConn, saga: &SagaRecord) -> Result<(), StorageError> {
    let written = diesel::update(
        sagas::table
            .find(saga.id.to_string())
            .filter(sagas::lease_owner.eq(&saga.lease.owner)),
    )
    .set((
        sagas::status.eq(saga.status.name()),
        sagas::position.eq(saga.position),
        sagas::state.eq(&saga.state),
        sagas::attempts.eq(saga.attempts),
        sagas::reason.eq(saga.reason.as_deref()),
        sagas::lease_until.eq(saga.lease.until.naive_utc()),
        sagas::next_attempt_at.eq(saga.next_attempt_at.naive_utc()),
        sagas::updated_at.eq(saga.updated_at.naive_utc()),
    ))
    .execute(conn)
    .map_err(storage_error)?;
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sagas)]
struct SagaRow {
    id: String,
    kind: String,
    subject: String,
    status: String,
    position: i32,
    state: String,
    attempts: i32,
    reason: Option<String>,
    lease_owner: String,
    lease_until: chrono::NaiveDateTime,
    next_attempt_at: chrono::NaiveDateTime,
    created_at: chrono::NaiveDateTime,
    updated_at: chrono::NaiveDateTime,
}

impl SagaRow {
    fn into_record(self) -> Result<SagaRecord, StorageError> {
        Ok(SagaRecord {
            id: self.id.parse().map_err(StorageError::corrupt)?,
            kind: self.kind,
            subject: self.subject,
            status: SagaStatus::from_name(&self.status)
                .ok_or_else(|| StorageError::corrupt(format!("saga status {}", self.status)))?,
            position: self.position,
            state: self.state,
            attempts: self.attempts,
            reason: self.reason,
            lease: Lease {
                owner: self.lease_owner,
                until: Timestamp::from_naive_utc(self.lease_until),
            },
            next_attempt_at: Timestamp::from_naive_utc(self.next_attempt_at),
            created_at: Timestamp::from_naive_utc(self.created_at),
            updated_at: Timestamp::from_naive_utc(self.updated_at),
        })
    }
}
