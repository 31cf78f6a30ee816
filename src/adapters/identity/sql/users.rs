//! Users in identity's database.

use diesel::prelude::*;

use super::SqlIdentityStore;
use super::rows::UserRow;
use super::schema::{sessions, users};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::identity::user::User;
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::ids::UserId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::UserStore;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl UserStore for SqlIdentityStore {
    fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        let row = self.database.read(|conn| {
            users::table
                .find(id.to_string())
                .select(UserRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(UserRow::into_user).transpose()
    }

    fn find_user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StorageError> {
        let row = self.database.read(|conn| {
            users::table
                .filter(users::email.eq(email.as_str()))
                .select(UserRow::as_select())
                .first(conn)
                .optional()
        })?;
        row.map(UserRow::into_user).transpose()
    }

    fn add_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(user.id().to_string()),
                    users::email.eq(user.email().as_str()),
                    users::password_hash.eq(user.password_hash().expose()),
                    users::first_name.eq(user.name().first()),
                    users::last_name.eq(user.name().last()),
                    users::role.eq(user.role().name()),
                    users::version.eq(user.version()),
                    users::created_at.eq(user.created_at().naive_utc()),
                    users::updated_at.eq(user.updated_at().naive_utc()),
                ))
                .execute(conn)
                .map(|_one| ())
                .map_err(storage_error)
        })
    }

    fn update_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| update(conn, user))
    }

    fn update_user_and_revoke_sessions(
        &self,
        user: &User,
        revoked_at: Timestamp,
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        self.database.commit(unit, |conn| {
            update(conn, user)?;
            diesel::update(
                sessions::table
                    .filter(sessions::user_id.eq(user.id().to_string()))
                    .filter(sessions::revoked_at.is_null()),
            )
            .set(sessions::revoked_at.eq(revoked_at.naive_utc()))
            .execute(conn)
            .map(|_some| ())
            .map_err(storage_error)
        })
    }
}

/// Writes what can change, over the version before; the id, the e-mail address and the birth of a user cannot.
fn update(conn: &mut DbConn, user: &User) -> Result<(), StorageError> {
    let before = user.version() - 1;
    let written = diesel::update(
        users::table
            .find(user.id().to_string())
            .filter(users::version.eq(before)),
    )
    .set((
        users::password_hash.eq(user.password_hash().expose()),
        users::first_name.eq(user.name().first()),
        users::last_name.eq(user.name().last()),
        users::role.eq(user.role().name()),
        users::version.eq(user.version()),
        users::updated_at.eq(user.updated_at().naive_utc()),
    ))
    .execute(conn)
    .map_err(storage_error)?;
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}
