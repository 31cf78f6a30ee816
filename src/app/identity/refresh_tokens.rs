//! Exchanges a refresh token for a new pair.

use super::IdentityService;
use crate::domains::identity::session::{Exchange, RefreshToken, Session};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::operations::{RefreshTokens, RefreshTokensError, TokenPair};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::StorageError;

impl Handler<RefreshTokens> for IdentityService {
    fn handle(&self, _cx: &CallContext, op: RefreshTokens) -> Result<TokenPair, Failure<RefreshTokensError>> {
        let refused = || Failure::Domain(RefreshTokensError::InvalidToken);
        let hash = self.tokens.hash_refresh_token(&op.refresh_token)?;
        let (session, token) = self.store.find_token(&hash)?.ok_or_else(refused)?;
        let now = self.clock.now();
        match session.exchange(&token, now) {
            Exchange::Rotate => self.rotate(&session, &token, now)?.ok_or_else(refused),
            Exchange::RevokeFamily => {
                self.revoke_family(&session, now)?;
                Err(refused())
            }
            Exchange::Refuse => Err(refused()),
        }
    }
}

impl IdentityService {
    /// The next pair, with what the user may do by now. `None` when the token has been presented twice at once: then
    /// one of the two stole it, as if they had come one after the other.
    fn rotate(
        &self,
        session: &Session,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<Option<TokenPair>, Failure<RefreshTokensError>> {
        let Some(user) = self.store.find_user(session.user_id())? else {
            return Ok(None);
        };
        let (next, pair) = self.next_tokens(session, &user, now)?;
        match self.store.rotate_token(session.id(), token.hash(), &next) {
            Ok(()) => Ok(Some(pair)),
            Err(StorageError::Stale) => {
                self.revoke_family(session, now)?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn revoke_family(&self, session: &Session, now: Timestamp) -> Result<(), StorageError> {
        tracing::warn!(session = %session.id(), user = %session.user_id(), "a refresh token was used twice: session revoked");
        self.store.revoke_session(session.id(), now)
    }
}
