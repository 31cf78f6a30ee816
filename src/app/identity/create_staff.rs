//! Makes a user of staff or an admin.

use super::register_user::is_email_taken;
use super::{IdentityService, WRITE_ATTEMPTS, checked_name, checked_password, user_message};
use crate::domains::identity::password::Password;
use crate::domains::identity::user::{self, NotARoleOfStaff, PersonName};
use crate::ports::identity::events::UserRegistered;
use crate::ports::identity::operations::{CreateStaff, RegisterUserError, User};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

impl Handler<CreateStaff> for IdentityService {
    fn handle(&self, cx: &CallContext, op: CreateStaff) -> Result<User, Failure<RegisterUserError>> {
        user::User::staff_role(op.role)?;
        let name = checked_name(&op.first_name, &op.last_name)?;
        let password = checked_password(&op.password)?;
        for _attempt in 0..WRITE_ATTEMPTS {
            let written = match self.store.find_user_by_email(&op.email)? {
                Some(user) => self.appoint(cx, &op, &user, &password)?,
                None => self.hire(cx, &op, &name, &password)?,
            };
            if let Some(user) = written {
                return Ok(user_message(&user));
            }
        }
        Err(Failure::Unavailable)
    }
}

impl IdentityService {
    /// Somebody new. `None` when they have registered meanwhile.
    fn hire(
        &self,
        cx: &CallContext,
        op: &CreateStaff,
        name: &PersonName,
        password: &Password,
    ) -> Result<Option<user::User>, Failure<RegisterUserError>> {
        let hash = self.passwords.hash(password)?;
        let now = self.clock.now();
        let user = user::User::hire(self.ids.make(), op.email.clone(), name.clone(), op.role, hash, now)?;
        let event = UserRegistered {
            user_id: user.id(),
            role: user.role(),
        };
        let unit = UnitOfWork::events(vec![EventRecord::of(&event, cx, &*self.ids, now)]);
        match self.store.add_user(&user, &unit) {
            Ok(()) => Ok(Some(user)),
            Err(error) if is_email_taken(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody who exists: role and password become those that were asked for, and whoever is signed in with the old
    /// ones has to sign in again. Nothing happens where both are so already, as at every start but the first. `None`
    /// when somebody else changed them meanwhile.
    fn appoint(
        &self,
        cx: &CallContext,
        op: &CreateStaff,
        user: &user::User,
        password: &Password,
    ) -> Result<Option<user::User>, Failure<RegisterUserError>> {
        let is_same = user.role() == op.role && self.passwords.verify(&op.password, Some(user.password_hash()))?;
        if is_same {
            return Ok(Some(user.clone()));
        }
        let hash = self.passwords.hash(password)?;
        let now = self.clock.now();
        let appointed = user.appointed(op.role, hash, now)?;
        let unit = UnitOfWork::events(vec![self.profile_updated(user.id(), cx, now)]);
        match self.store.update_user_and_revoke_sessions(&appointed, now, &unit) {
            Ok(()) => Ok(Some(appointed)),
            Err(StorageError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl From<NotARoleOfStaff> for Failure<RegisterUserError> {
    fn from(error: NotARoleOfStaff) -> Self {
        Self::Domain(RegisterUserError::Invalid {
            field: "role".to_owned(),
            reason: error.to_string(),
        })
    }
}
