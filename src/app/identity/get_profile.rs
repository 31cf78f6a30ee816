//! Reads the caller's own profile.

use super::{IdentityService, user_message};
use crate::ports::identity::operations::{GetProfile, GetUserError, User};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetProfile> for IdentityService {
    fn handle(&self, cx: &CallContext, _op: GetProfile) -> Result<User, Failure<GetUserError>> {
        let not_found = || Failure::Domain(GetUserError::NotFound);
        let id = cx.principal.user_id().ok_or_else(not_found)?;
        self.store
            .find_user(id)?
            .map(|user| user_message(&user))
            .ok_or_else(not_found)
    }
}
