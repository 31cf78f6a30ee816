//! Rows of identity's tables, and what they mean.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{addresses, refresh_tokens, sessions, signing_keys, users};
use crate::domains::identity::address_book::AddressEntry;
use crate::domains::identity::password::PasswordHash;
use crate::domains::identity::session::{RefreshToken, RefreshTokenHash, Session};
use crate::domains::identity::user::{PersonName, StoredUser, User};
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::SigningKey;
use crate::ports::shared::storage::StorageError;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    id: String,
    email: String,
    password_hash: String,
    first_name: String,
    last_name: String,
    role: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl UserRow {
    pub(super) fn into_user(self) -> Result<User, StorageError> {
        Ok(User::from_storage(StoredUser {
            id: self.id.parse().map_err(StorageError::corrupt)?,
            email: self.email.parse().map_err(StorageError::corrupt)?,
            password_hash: PasswordHash::from_hasher(self.password_hash),
            name: PersonName::new(&self.first_name, &self.last_name).map_err(StorageError::corrupt)?,
            role: self.role.parse().map_err(StorageError::corrupt)?,
            version: self.version,
            created_at: Timestamp::from_naive_utc(self.created_at),
            updated_at: Timestamp::from_naive_utc(self.updated_at),
        }))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = addresses)]
pub(super) struct AddressRow {
    id: String,
    user_id: String,
    street: String,
    city: String,
    state: String,
    zip_code: String,
    country: String,
    created_at: NaiveDateTime,
}

impl AddressRow {
    pub(super) fn into_entry(self) -> Result<AddressEntry, StorageError> {
        Ok(AddressEntry::new(
            self.id.parse().map_err(StorageError::corrupt)?,
            self.user_id.parse().map_err(StorageError::corrupt)?,
            PostalAddress::new(&self.street, &self.city, &self.state, &self.zip_code, &self.country)
                .map_err(StorageError::corrupt)?,
            Timestamp::from_naive_utc(self.created_at),
        ))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct SessionRow {
    id: String,
    user_id: String,
    expires_at: NaiveDateTime,
    revoked_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
}

impl SessionRow {
    pub(super) fn into_session(self) -> Result<Session, StorageError> {
        Ok(Session::from_storage(
            self.id.parse().map_err(StorageError::corrupt)?,
            self.user_id.parse().map_err(StorageError::corrupt)?,
            Timestamp::from_naive_utc(self.expires_at),
            self.revoked_at.map(Timestamp::from_naive_utc),
            Timestamp::from_naive_utc(self.created_at),
        ))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
pub(super) struct RefreshTokenRow {
    token_hash: String,
    used_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
}

impl RefreshTokenRow {
    pub(super) fn into_token(self) -> Result<RefreshToken, StorageError> {
        Ok(RefreshToken::from_storage(
            RefreshTokenHash::new(self.token_hash).map_err(StorageError::corrupt)?,
            self.used_at.map(Timestamp::from_naive_utc),
            Timestamp::from_naive_utc(self.created_at),
        ))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
pub(super) struct SigningKeyRow {
    kid: String,
    pkcs8_hex: String,
    created_at: NaiveDateTime,
    retired_at: Option<NaiveDateTime>,
}

impl SigningKeyRow {
    pub(super) fn into_key(self) -> SigningKey {
        SigningKey {
            kid: self.kid,
            pkcs8_hex: Secret::new(self.pkcs8_hex),
            created_at: Timestamp::from_naive_utc(self.created_at),
            retired_at: self.retired_at.map(Timestamp::from_naive_utc),
        }
    }
}
