//! `banyan admin create`: the first admin, or a way back in for one who lost the password.

use super::operator::{Operator, explain};
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::role::Role;
use crate::domains::shared::secret::Secret;
use crate::ports::identity::operations::{CreateStaff, Identity, RegisterUserError, User};
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;

/// Who is to be an admin.
#[derive(Debug, Clone)]
pub struct NewAdmin {
    /// Where they get mail, and the name they sign in with.
    pub email: EmailAddress,
    /// 15 to 1,024 bytes.
    pub password: Secret,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// Why there is no admin. Never repeats a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateAdminError {
    /// A field breaks a rule.
    #[error("{field}: {reason}")]
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Identity could not do it.
    #[error("the admin could not be made: {0}")]
    Failed(String),
}

/// Makes an admin; somebody who is known already becomes one and gets this password.
///
/// # Errors
/// [`CreateAdminError`].
pub fn create(identity: &dyn Identity, ids: &dyn IdSource, admin: NewAdmin) -> Result<User, CreateAdminError> {
    let op = CreateStaff {
        email: admin.email,
        password: admin.password,
        first_name: admin.first_name,
        last_name: admin.last_name,
        role: Role::Admin,
    };
    Operator::new(ids).ask(identity, &op).map_err(|failure| match failure {
        Failure::Domain(RegisterUserError::Invalid { field, reason }) => CreateAdminError::Invalid { field, reason },
        other => CreateAdminError::Failed(explain(&other)),
    })
}
