//! Who calls, and who may.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::UserId;
use crate::domains::shared::role::Role;

/// On whose behalf an operation runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Principal {
    /// Nobody who has signed in.
    Anonymous,
    /// A signed-in person.
    User {
        /// Who.
        id: UserId,
        /// What they may do.
        role: Role,
    },
    /// Another context, or the shop itself (a worker, the command line).
    Service {
        /// The context's name, or `operator`.
        name: String,
    },
}

impl Principal {
    /// The principal of a context that calls another.
    pub fn service(name: &str) -> Self {
        Self::Service { name: name.to_owned() }
    }

    /// The signed-in person.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Anonymous | Self::Service { .. } => None,
        }
    }

    /// Whether this is staff or more, or the shop itself: sees what belongs to others.
    pub fn is_staff(&self) -> bool {
        match self {
            Self::User { role, .. } => *role >= Role::Staff,
            Self::Service { .. } => true,
            Self::Anonymous => false,
        }
    }

    /// Whether a thing of `owner` may be shown to this principal.
    pub fn may_see(&self, owner: UserId) -> bool {
        self.is_staff() || self.user_id() == Some(owner)
    }

    /// The scope of this principal's idempotency keys: two principals never share one.
    pub fn key_scope(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User { id, .. } => id.to_string(),
            Self::Service { name } => format!("service:{name}"),
        }
    }
}

/// Who may ask for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has signed in, and the shop itself.
    SignedIn,
    /// Staff, admins, and the shop itself.
    Staff,
    /// Admins, and the shop itself.
    Admin,
    /// Only other contexts and the shop itself: not reachable over the storefront's API.
    Internal,
}

/// Why a principal may not ask for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Has not signed in.
    Unauthenticated,
    /// Has signed in, and may not.
    Forbidden,
}

impl Access {
    /// Whether `principal` may ask.
    ///
    /// # Errors
    /// [`Denial`] says whether signing in would help.
    pub fn check(self, principal: &Principal) -> Result<(), Denial> {
        let needed = match self {
            Self::Public => return Ok(()),
            Self::SignedIn => Role::Customer,
            Self::Staff => Role::Staff,
            Self::Admin => Role::Admin,
            Self::Internal => {
                return match principal {
                    Principal::Service { .. } => Ok(()),
                    Principal::User { .. } | Principal::Anonymous => Err(Denial::Forbidden),
                };
            }
        };
        match principal {
            Principal::Service { .. } => Ok(()),
            Principal::User { role, .. } if *role >= needed => Ok(()),
            Principal::User { .. } => Err(Denial::Forbidden),
            Principal::Anonymous => Err(Denial::Unauthenticated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_access_level_admits_exactly_whom_it_names() {
        let user = |role| Principal::User {
            id: UserId::from(uuid::Uuid::from_u128(1)),
            role,
        };
        let everybody = [
            Principal::Anonymous,
            user(Role::Customer),
            user(Role::Staff),
            user(Role::Admin),
            Principal::service("orders"),
        ];
        let admitted = |access: Access| everybody.each_ref().map(|principal| access.check(principal).is_ok());
        assert_eq!(admitted(Access::Public), [true, true, true, true, true]);
        assert_eq!(admitted(Access::SignedIn), [false, true, true, true, true]);
        assert_eq!(admitted(Access::Staff), [false, false, true, true, true]);
        assert_eq!(admitted(Access::Admin), [false, false, false, true, true]);
        assert_eq!(admitted(Access::Internal), [false, false, false, false, true]);
        assert_eq!(Access::Staff.check(&Principal::Anonymous), Err(Denial::Unauthenticated));
    }
}
