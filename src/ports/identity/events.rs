//! What identity tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::UserId;
use crate::domains::shared::role::Role;
use crate::ports::shared::events::{Event, events};

events!(UserRegistered, UserProfileUpdated);

/// Somebody registered. Carries no personal data: an event log is not where one deletes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserRegistered {
    /// Who.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
}

impl Event for UserRegistered {
    const TYPE: &'static str = "user.registered";

    fn subject(&self) -> String {
        self.user_id.to_string()
    }
}

/// A profile or address book changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserProfileUpdated {
    /// Whose.
    pub user_id: UserId,
}

impl Event for UserProfileUpdated {
    const TYPE: &'static str = "user.profile.updated";

    fn subject(&self) -> String {
        self.user_id.to_string()
    }
}
