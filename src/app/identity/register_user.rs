//! Makes a customer.

use super::{IdentityService, InvalidField, checked_name, checked_password, user_message};
use crate::domains::identity::user;
use crate::ports::identity::events::UserRegistered;
use crate::ports::identity::operations::{RegisterUser, RegisterUserError, User};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<RegisterUser> for IdentityService {
    fn handle(&self, cx: &CallContext, op: RegisterUser) -> Result<User, Failure<RegisterUserError>> {
        let name = checked_name(&op.first_name, &op.last_name)?;
        // Whether the address is taken is left to the database: one that is takes as long to refuse as one that is not.
        let hash = self.passwords.hash(&checked_password(&op.password)?)?;
        let now = self.clock.now();
        let user = user::User::register(self.ids.make(), op.email, name, hash, now);
        let event = UserRegistered {
            user_id: user.id(),
            role: user.role(),
        };
        let unit = UnitOfWork::events(vec![EventRecord::of(&event, cx, &*self.ids, now)]);
        match self.store.add_user(&user, &unit) {
            Ok(()) => Ok(user_message(&user)),
            Err(error) if is_email_taken(&error) => Err(Failure::Domain(RegisterUserError::EmailTaken)),
            Err(error) => Err(error.into()),
        }
    }
}

pub(super) fn is_email_taken(error: &StorageError) -> bool {
    matches!(error, StorageError::Duplicate { constraint } if constraint.contains("email"))
}

impl From<InvalidField> for Failure<RegisterUserError> {
    fn from(InvalidField { field, reason }: InvalidField) -> Self {
        Self::Domain(RegisterUserError::Invalid {
            field: field.to_owned(),
            reason,
        })
    }
}
