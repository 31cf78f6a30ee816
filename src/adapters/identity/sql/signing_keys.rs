//! Signing keys in identity's database.
//!
//! The private key lies there as it is: whoever reads this database can read nothing more with the key than they can
//! read already, and a second secret to guard the first would have to lie beside it.

use diesel::prelude::*;

use super::SqlIdentityStore;
use super::rows::SigningKeyRow;
use super::schema::signing_keys;
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::{SigningKey, SigningKeyStore};
use crate::ports::shared::storage::StorageError;

impl SigningKeyStore for SqlIdentityStore {
    fn active_key_or(&self, candidate: &SigningKey) -> Result<SigningKey, StorageError> {
        if let Some(row) = self.database.read(active)? {
            return Ok(row.into_key());
        }
        // The unique index on active keys lets one of several candidates in; the others read it.
        match self.database.write(|conn| insert(conn, candidate)) {
            Ok(()) | Err(StorageError::Duplicate { .. }) => {}
            Err(error) => return Err(error),
        }
        self.database
            .read(active)?
            .map(SigningKeyRow::into_key)
            .ok_or_else(|| StorageError::corrupt("no signing key although one was just there"))
    }

    fn signing_keys(&self) -> Result<Vec<SigningKey>, StorageError> {
        let rows = self.database.read(|conn| {
            signing_keys::table
                .order((signing_keys::created_at.desc(), signing_keys::kid))
                .select(SigningKeyRow::as_select())
                .load(conn)
        })?;
        Ok(rows.into_iter().map(SigningKeyRow::into_key).collect())
    }
}

fn active(conn: &mut DbConn) -> diesel::QueryResult<Option<SigningKeyRow>> {
    signing_keys::table
        .filter(signing_keys::retired_at.is_null())
        .select(SigningKeyRow::as_select())
        .first(conn)
        .optional()
}

fn insert(conn: &mut DbConn, key: &SigningKey) -> Result<(), StorageError> {
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(&key.kid),
            signing_keys::pkcs8_hex.eq(key.pkcs8_hex.expose()),
            signing_keys::created_at.eq(key.created_at.naive_utc()),
            signing_keys::retired_at.eq(key.retired_at.map(Timestamp::naive_utc)),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}
