//! Ends a session.

use super::IdentityService;
use crate::ports::identity::operations::LogOut;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<LogOut> for IdentityService {
    /// Any token of the session will do, also one that has been exchanged: to end a session harms nobody but a thief.
    fn handle(&self, _cx: &CallContext, op: LogOut) -> Result<(), Failure<Never>> {
        let hash = self.tokens.hash_refresh_token(&op.refresh_token)?;
        if let Some((session, _token)) = self.store.find_token(&hash)? {
            self.store.revoke_session(session.id(), self.clock.now())?;
        }
        Ok(())
    }
}
