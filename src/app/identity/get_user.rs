//! Reads a user, for other contexts.

use super::{IdentityService, user_message};
use crate::ports::identity::operations::{GetUser, GetUserError, User};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetUser> for IdentityService {
    fn handle(&self, _cx: &CallContext, op: GetUser) -> Result<User, Failure<GetUserError>> {
        let user = self.store.find_user(op.user_id)?;
        user.map(|user| user_message(&user))
            .ok_or(Failure::Domain(GetUserError::NotFound))
    }
}
