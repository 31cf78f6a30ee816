//! Who does what only one process may do at a time, in the context's database.

use std::sync::Arc;

use diesel::prelude::*;

use super::database::Database;
use super::errors::storage_error;
use super::schema::worker_leases;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::lease::{Lease, LeaseStore};
use crate::ports::shared::storage::StorageError;

/// Leases in the context's database.
pub struct SqlLeaseStore {
    database: Arc<Database>,
}

impl SqlLeaseStore {
    /// Leases in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    fn find(&self, name: &str) -> Result<Option<LeaseRow>, StorageError> {
        self.database.read(|conn| {
            worker_leases::table
                .find(name)
                .select(LeaseRow::as_select())
                .first(conn)
                .optional()
        })
    }

    fn insert(&self, name: &str, wish: &Lease) -> Result<bool, StorageError> {
        let inserted = self.database.write(|conn| {
            diesel::insert_into(worker_leases::table)
                .values((
                    worker_leases::name.eq(name),
                    worker_leases::owner.eq(&wish.owner),
                    worker_leases::until.eq(wish.until.naive_utc()),
                ))
                .execute(conn)
                .map_err(storage_error)
        });
        match inserted {
            Ok(_one) => Ok(true),
            // Somebody else was first.
            Err(StorageError::Duplicate { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The old lease in the condition: of two takers, one finds it changed.
    fn replace(&self, name: &str, old: &LeaseRow, wish: &Lease) -> Result<bool, StorageError> {
        let replaced = self.database.write(|conn| {
            diesel::update(
                worker_leases::table
                    .find(name)
                    .filter(worker_leases::owner.eq(&old.owner))
                    .filter(worker_leases::until.eq(old.until)),
            )
            .set((
                worker_leases::owner.eq(&wish.owner),
                worker_leases::until.eq(wish.until.naive_utc()),
            ))
            .execute(conn)
            .map_err(storage_error)
        })?;
        Ok(replaced == 1)
    }
}

impl LeaseStore for SqlLeaseStore {
    fn take_lease(&self, name: &str, wish: &Lease, now: Timestamp) -> Result<bool, StorageError> {
        // Most often it is somebody else's, and then nothing is written.
        match self.find(name)? {
            None => self.insert(name, wish),
            Some(row) if row.lease().gives_way_to(wish, now) => self.replace(name, &row, wish),
            Some(_stands) => Ok(false),
        }
    }

    fn release_lease(&self, name: &str, owner: &str) -> Result<(), StorageError> {
        self.database.write(|conn| {
            diesel::delete(worker_leases::table.find(name).filter(worker_leases::owner.eq(owner)))
                .execute(conn)
                .map(|_one_or_none| ())
                .map_err(storage_error)
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = worker_leases)]
struct LeaseRow {
    owner: String,
    until: chrono::NaiveDateTime,
}

impl LeaseRow {
    fn lease(&self) -> Lease {
        Lease {
            owner: self.owner.clone(),
            until: Timestamp::from_naive_utc(self.until),
        }
    }
}
