//! What a signed-in person may do.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The role of a user; each role may do what the roles before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys, and sees what is their own.
    Customer,
    /// Runs the shop: products, stock, orders, refunds.
    Staff,
    /// Runs the people: users and their roles.
    Admin,
}

impl Role {
    /// The name in storage and in tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }
}

/// A text that is not the name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a role")]
pub struct InvalidRole;

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(name: &str) -> Result<Self, InvalidRole> {
        [Self::Customer, Self::Staff, Self::Admin]
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or(InvalidRole)
    }
}
