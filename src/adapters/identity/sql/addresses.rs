//! Address books in identity's database.

use diesel::prelude::*;

use super::SqlIdentityStore;
use super::rows::AddressRow;
use super::schema::{addresses, users};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::identity::address_book::{AddressBookFull, AddressEntry, room_for_one_more};
use crate::domains::shared::ids::{AddressId, UserId};
use crate::ports::identity::outbound::{Added, AddressStore};
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl AddressStore for SqlIdentityStore {
    fn addresses(&self, user_id: UserId) -> Result<Vec<AddressEntry>, StorageError> {
        let rows = self.database.read(|conn| {
            addresses::table
                .filter(addresses::user_id.eq(user_id.to_string()))
                .order((addresses::created_at, addresses::id))
                .select(AddressRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(AddressRow::into_entry).collect()
    }

    fn find_address(&self, user_id: UserId, id: AddressId) -> Result<Option<AddressEntry>, StorageError> {
        let row = self.database.read(|conn| {
            addresses::table
                .find(id.to_string())
                .filter(addresses::user_id.eq(user_id.to_string()))
                .select(AddressRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(AddressRow::into_entry).transpose()
    }

    fn add_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<Added, StorageError> {
        // To answer "no" is no failure, but only a failure rolls the unit back: the answer waits outside.
        let mut answer = Added::Yes;
        let written = self.database.commit(unit, |conn| {
            answer = may_be_added(conn, entry.user_id())?;
            if answer == Added::Yes {
                insert(conn, entry)
            } else {
                Err(StorageError::Stale)
            }
        });
        match (written, answer) {
            (Ok(()), _) => Ok(Added::Yes),
            (Err(StorageError::Stale), Added::BookFull | Added::NoSuchUser) => Ok(answer),
            (Err(error), _) => Err(error),
        }
    }

    fn update_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<(), StorageError> {
        let address = entry.address();
        self.database.commit(unit, |conn| {
            let written = diesel::update(
                addresses::table
                    .find(entry.id().to_string())
                    .filter(addresses::user_id.eq(entry.user_id().to_string())),
            )
            .set((
                addresses::street.eq(address.street()),
                addresses::city.eq(address.city()),
                addresses::state.eq(address.state()),
                addresses::zip_code.eq(address.zip_code()),
                addresses::country.eq(address.country()),
            ))
            .execute(conn)
            .map_err(storage_error)?;
            if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
        })
    }

    fn remove_address(&self, user_id: UserId, id: AddressId, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            let removed = diesel::delete(
                addresses::table
                    .find(id.to_string())
                    .filter(addresses::user_id.eq(user_id.to_string())),
            )
            .execute(conn)
            .map_err(storage_error)?;
            if removed == 1 { Ok(()) } else { Err(StorageError::Stale) }
        })
    }
}

/// Whether the user's book has room. Holds the user's row until the end of the transaction, so that of two who add at
/// the same instant the second counts the entry of the first.
fn may_be_added(conn: &mut DbConn, user_id: UserId) -> Result<Added, StorageError> {
    let user = users::table.find(user_id.to_string()).select(users::id);
    let locked: Option<String> = match conn {
        // BEGIN IMMEDIATE: this transaction is the only writer.
        DbConn::Sqlite(c) => user.first(c).optional(),
        DbConn::Postgres(c) => user.for_update().first(c).optional(),
    }
    .map_err(storage_error)?;
    if locked.is_none() {
        return Ok(Added::NoSuchUser);
    }
    let entries: i64 = addresses::table
        .filter(addresses::user_id.eq(user_id.to_string()))
        .count()
        .get_result(conn)
        .map_err(storage_error)?;
    match room_for_one_more(usize::try_from(entries).unwrap_or(usize::MAX)) {
        Ok(()) => Ok(Added::Yes),
        Err(AddressBookFull) => Ok(Added::BookFull),
    }
}

fn insert(conn: &mut DbConn, entry: &AddressEntry) -> Result<(), StorageError> {
    let address = entry.address();
    diesel::insert_into(addresses::table)
        .values((
            addresses::id.eq(entry.id().to_string()),
            addresses::user_id.eq(entry.user_id().to_string()),
            addresses::street.eq(address.street()),
            addresses::city.eq(address.city()),
            addresses::state.eq(address.state()),
            addresses::zip_code.eq(address.zip_code()),
            addresses::country.eq(address.country()),
            addresses::created_at.eq(entry.created_at().naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}
