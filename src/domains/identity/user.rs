//! Users.

use super::password::PasswordHash;
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::ids::UserId;
use crate::domains::shared::role::Role;
use crate::domains::shared::text::{InvalidText, single_line};
use crate::domains::shared::timestamp::Timestamp;

/// What somebody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName {
    first: String,
    last: String,
}

/// The part of a name that is wrong, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct InvalidName {
    /// `first_name` or `last_name`.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: InvalidText,
}

impl PersonName {
    /// The most characters of either part.
    pub const MAX_CHARS: usize = 100;

    /// A checked name. Both parts are needed, and any text without control characters will do: names follow no rule.
    ///
    /// # Errors
    /// [`InvalidName`] names the first part that is wrong.
    pub fn new(first: &str, last: &str) -> Result<Self, InvalidName> {
        let part = |field, text| single_line(text, Self::MAX_CHARS).map_err(|reason| InvalidName { field, reason });
        Ok(Self {
            first: part("first_name", first)?,
            last: part("last_name", last)?,
        })
    }

    /// First name.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// Last name.
    pub fn last(&self) -> &str {
        &self.last
    }
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    id: UserId,
    email: EmailAddress,
    password_hash: PasswordHash,
    name: PersonName,
    role: Role,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A user as a store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// Their id.
    pub id: UserId,
    /// The name they sign in with.
    pub email: EmailAddress,
    /// What is kept of their password.
    pub password_hash: PasswordHash,
    /// What they are called.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}

/// Customers register themselves; whoever is made by others is made to work here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be staff or admin")]
pub struct NotARoleOfStaff;

impl User {
    /// A customer who registers.
    pub fn register(
        id: UserId,
        email: EmailAddress,
        name: PersonName,
        password_hash: PasswordHash,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            email,
            password_hash,
            name,
            role: Role::Customer,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Somebody new who is to work here.
    ///
    /// # Errors
    /// [`NotARoleOfStaff`] for the role of a customer.
    pub fn hire(
        id: UserId,
        email: EmailAddress,
        name: PersonName,
        role: Role,
        password_hash: PasswordHash,
        now: Timestamp,
    ) -> Result<Self, NotARoleOfStaff> {
        Self::staff_role(role)?;
        Ok(Self {
            role,
            ..Self::register(id, email, name, password_hash, now)
        })
    }

    /// A customer who is to work here, or somebody who works here in another role, under a new password.
    ///
    /// # Errors
    /// [`NotARoleOfStaff`] for the role of a customer.
    pub fn appointed(&self, role: Role, password_hash: PasswordHash, now: Timestamp) -> Result<Self, NotARoleOfStaff> {
        Self::staff_role(role)?;
        Ok(Self {
            password_hash,
            role,
            ..self.changed(now)
        })
    }

    /// The rule that [`Self::hire`] and [`Self::appointed`] follow, for whoever wants to know before a hash is made.
    ///
    /// # Errors
    /// [`NotARoleOfStaff`] for the role of a customer.
    pub fn staff_role(role: Role) -> Result<(), NotARoleOfStaff> {
        match role {
            Role::Staff | Role::Admin => Ok(()),
            Role::Customer => Err(NotARoleOfStaff),
        }
    }

    /// The user under another name.
    #[must_use]
    pub fn renamed(&self, name: PersonName, now: Timestamp) -> Self {
        Self {
            name,
            ..self.changed(now)
        }
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// A user from storage, who was checked when they were written. For stores only.
    pub fn from_storage(stored: StoredUser) -> Self {
        let StoredUser {
            id,
            email,
            password_hash,
            name,
            role,
            version,
            created_at,
            updated_at,
        } = stored;
        Self {
            id,
            email,
            password_hash,
            name,
            role,
            version,
            created_at,
            updated_at,
        }
    }

    /// Their id.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The name they sign in with.
    pub fn email(&self) -> &EmailAddress {
        &self.email
    }

    /// What is kept of their password.
    pub fn password_hash(&self) -> &PasswordHash {
        &self.password_hash
    }

    /// What they are called.
    pub fn name(&self) -> &PersonName {
        &self.name
    }

    /// What they may do.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Counts the changes, from 1.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// When they registered.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When they last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> User {
        User::register(
            UserId::from(uuid::Uuid::from_u128(1)),
            "ada@example.com".parse().unwrap(),
            PersonName::new("Ada", "Lovelace").unwrap(),
            PasswordHash::from_hasher("hash".to_owned()),
            Timestamp::from_unix_seconds(0).unwrap(),
        )
    }

    #[test]
    fn whoever_registers_is_a_customer() {
        assert_eq!(ada().role(), Role::Customer);
        assert_eq!(ada().version(), 1);
    }

    #[test]
    fn a_name_has_two_parts_of_1_to_100_characters() {
        assert_eq!(PersonName::new("", "L").unwrap_err().field, "first_name");
        assert_eq!(PersonName::new("A", &"x".repeat(101)).unwrap_err().field, "last_name");
        assert!(PersonName::new(&"ä".repeat(100), "L").is_ok());
        assert!(PersonName::new("A\r\nSet-Cookie: x", "L").is_err());
    }

    #[test]
    fn each_change_counts() {
        let later = Timestamp::from_unix_seconds(9).unwrap();
        let renamed = ada().renamed(PersonName::new("Ada", "King").unwrap(), later);
        assert_eq!(
            (renamed.version(), renamed.updated_at(), renamed.name().last()),
            (2, later, "King")
        );
        let hash = PasswordHash::from_hasher("other".to_owned());
        let appointed = renamed.appointed(Role::Staff, hash.clone(), later).unwrap();
        assert_eq!(
            (appointed.version(), appointed.role(), appointed.password_hash()),
            (3, Role::Staff, &hash)
        );
    }

    #[test]
    fn nobody_is_appointed_customer() {
        let hash = PasswordHash::from_hasher("other".to_owned());
        assert_eq!(
            ada().appointed(Role::Customer, hash, ada().created_at()),
            Err(NotARoleOfStaff)
        );
    }
}
