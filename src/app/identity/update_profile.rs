//! Changes the caller's own profile.

use super::{IdentityService, InvalidField, WRITE_ATTEMPTS, checked_name, user_message};
use crate::ports::identity::operations::{UpdateProfile, UpdateProfileError, User};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<UpdateProfile> for IdentityService {
    fn handle(&self, cx: &CallContext, op: UpdateProfile) -> Result<User, Failure<UpdateProfileError>> {
        let not_found = || Failure::Domain(UpdateProfileError::NotFound);
        let id = cx.principal.user_id().ok_or_else(not_found)?;
        let name = checked_name(&op.first_name, &op.last_name)?;
        for _attempt in 0..WRITE_ATTEMPTS {
            let user = self.store.find_user(id)?.ok_or_else(not_found)?;
            if op.expected_version.is_some_and(|expected| expected != user.version()) {
                return Err(Failure::Domain(UpdateProfileError::VersionMismatch {
                    current: user.version(),
                }));
            }
            if *user.name() == name {
                return Ok(user_message(&user));
            }
            let now = self.clock.now();
            let renamed = user.renamed(name.clone(), now);
            let unit = UnitOfWork::events(vec![self.profile_updated(id, cx, now)]);
            match self.store.update_user(&renamed, &unit) {
                Ok(()) => return Ok(user_message(&renamed)),
                // Somebody was faster: with an expected version the next round says so, without one it goes on top.
                Err(StorageError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::Unavailable)
    }
}

impl From<InvalidField> for Failure<UpdateProfileError> {
    fn from(InvalidField { field, reason }: InvalidField) -> Self {
        Self::Domain(UpdateProfileError::Invalid {
            field: field.to_owned(),
            reason,
        })
    }
}
