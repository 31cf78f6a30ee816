//! Signs in.

use super::IdentityService;
use crate::domains::identity::session::Session;
use crate::domains::identity::user;
use crate::ports::identity::operations::{LogIn, LogInError, TokenPair};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<LogIn> for IdentityService {
    fn handle(&self, _cx: &CallContext, op: LogIn) -> Result<TokenPair, Failure<LogInError>> {
        let user = self.store.find_user_by_email(&op.email)?;
        // Also without a user: the time must not tell whether there is one.
        let is_their_password = self
            .passwords
            .verify(&op.password, user.as_ref().map(user::User::password_hash))?;
        let Some(user) = user.filter(|_user| is_their_password) else {
            return Err(Failure::Domain(LogInError::InvalidCredentials));
        };
        let now = self.clock.now();
        let session = Session::begin(self.ids.make(), user.id(), now);
        let (first, pair) = self.next_tokens(&session, &user, now)?;
        self.store.begin_session(&session, &first)?;
        Ok(pair)
    }
}
