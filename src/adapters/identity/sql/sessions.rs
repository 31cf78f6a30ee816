//! Sessions and their refresh tokens in identity's database.

use diesel::prelude::*;

use super::SqlIdentityStore;
use super::rows::{RefreshTokenRow, SessionRow};
use super::schema::{refresh_tokens, sessions};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::identity::session::{RefreshToken, RefreshTokenHash, Session};
use crate::domains::shared::ids::SessionId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::outbound::SessionStore;
use crate::ports::shared::storage::StorageError;

impl SessionStore for SqlIdentityStore {
    fn begin_session(&self, session: &Session, first: &RefreshToken) -> Result<(), StorageError> {
        self.database.write(|conn| {
            diesel::insert_into(sessions::table)
                .values((
                    sessions::id.eq(session.id().to_string()),
                    sessions::user_id.eq(session.user_id().to_string()),
                    sessions::expires_at.eq(session.expires_at().naive_utc()),
                    sessions::revoked_at.eq(session.revoked_at().map(Timestamp::naive_utc)),
                    sessions::created_at.eq(session.created_at().naive_utc()),
                ))
                .execute(conn)
                .map_err(storage_error)?;
            insert_token(conn, session.id(), first)
        })
    }

    fn find_token(&self, hash: &RefreshTokenHash) -> Result<Option<(Session, RefreshToken)>, StorageError> {
        let rows: Option<(SessionRow, RefreshTokenRow)> = self.database.read(|conn| {
            refresh_tokens::table
                .inner_join(sessions::table)
                .filter(refresh_tokens::token_hash.eq(hash.as_str()))
                .select((SessionRow::as_select(), RefreshTokenRow::as_select()))
                .first(conn)
                .optional()
        })?;
        rows.map(|(session, token)| Ok((session.into_session()?, token.into_token()?)))
            .transpose()
    }

    fn rotate_token(
        &self,
        session_id: SessionId,
        used: &RefreshTokenHash,
        next: &RefreshToken,
    ) -> Result<(), StorageError> {
        self.database.write(|conn| {
            // The first statement decides: of several that present the token, one finds it unused.
            let taken = diesel::update(
                refresh_tokens::table
                    .find(used.as_str())
                    .filter(refresh_tokens::session_id.eq(session_id.to_string()))
                    .filter(refresh_tokens::used_at.is_null()),
            )
            .set(refresh_tokens::used_at.eq(next.created_at().naive_utc()))
            .execute(conn)
            .map_err(storage_error)?;
            let live: i64 = sessions::table
                .find(session_id.to_string())
                .filter(sessions::revoked_at.is_null())
                .count()
                .get_result(conn)
                .map_err(storage_error)?;
            if taken == 1 && live == 1 {
                insert_token(conn, session_id, next)
            } else {
                Err(StorageError::Stale)
            }
        })
    }

    fn revoke_session(&self, id: SessionId, revoked_at: Timestamp) -> Result<(), StorageError> {
        self.database.write(|conn| {
            diesel::update(
                sessions::table
                    .find(id.to_string())
                    .filter(sessions::revoked_at.is_null()),
            )
            .set(sessions::revoked_at.eq(revoked_at.naive_utc()))
            .execute(conn)
            .map(|_some| ())
            .map_err(storage_error)
        })
    }

    fn forget_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError> {
        self.database.write(|conn| {
            let expired: Vec<String> = sessions::table
                .filter(sessions::expires_at.lt(before.naive_utc()))
                .order(sessions::expires_at)
                .limit(i64::from(limit))
                .select(sessions::id)
                .load(conn)
                .map_err(storage_error)?;
            // Their tokens go with them: ON DELETE CASCADE.
            diesel::delete(sessions::table.filter(sessions::id.eq_any(&expired)))
                .execute(conn)
                .map_err(storage_error)
        })
    }
}

fn insert_token(conn: &mut DbConn, session_id: SessionId, token: &RefreshToken) -> Result<(), StorageError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(token.hash().as_str()),
            refresh_tokens::session_id.eq(session_id.to_string()),
            refresh_tokens::used_at.eq(token.used_at().map(Timestamp::naive_utc)),
            refresh_tokens::created_at.eq(token.created_at().naive_utc()),
        ))
        .execute(conn)
        .map(|_one| ())
        .map_err(storage_error)
}
