//! What one can ask of identity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::ids::{AddressId, UserId};
use crate::domains::shared::postal_address::PostalAddress;
use crate::domains::shared::role::Role;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Key, operation, table_of_contents};

table_of_contents! {
    /// Identity, as its callers see it.
    Identity = "identity", super::events::EVENTS:
        RegisterUser, CreateStaff, LogIn, RefreshTokens, LogOut, GetProfile, UpdateProfile, ListAddresses, AddAddress,
        UpdateAddress, RemoveAddress, GetUser
}

/// A user, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Where they get mail, and the name they sign in with.
    pub email: EmailAddress,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they may do.
    pub role: Role,
    /// Counts the changes.
    pub version: i64,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}

/// Makes a customer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RegisterUser {
    /// Where they get mail.
    pub email: EmailAddress,
    /// 15 to 1,024 bytes; see `domains::identity::password`.
    pub password: Secret,
    /// First name, 1 to 100 characters.
    pub first_name: String,
    /// Last name, 1 to 100 characters.
    pub last_name: String,
}
operation!(RegisterUser => User, RegisterUserError; "identity.register_user", Command, Public);

/// Why somebody cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RegisterUserError {
    /// Somebody has this address already.
    EmailTaken,
    /// A field breaks a rule: which, and how. Never repeats a password.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Makes a user of staff or an admin; a user who exists gets the role and the password. For the command line and the
/// first start, and for admins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateStaff {
    /// Where they get mail.
    pub email: EmailAddress,
    /// As at [`RegisterUser`].
    pub password: Secret,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Staff or admin.
    pub role: Role,
}
operation!(CreateStaff => User, RegisterUserError; "identity.create_staff", Command, Admin);

/// Signs in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogIn {
    /// The address they registered with.
    pub email: EmailAddress,
    /// Their password.
    pub password: Secret,
}
operation!(LogIn => TokenPair, LogInError; "identity.log_in", Command, Public);

/// Why somebody cannot sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogInError {
    /// No such user, or another password: the caller does not learn which.
    InvalidCredentials,
}

/// What a sign-in gives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TokenPair {
    /// Sent with every request, `Authorization: Bearer`.
    pub access_token: Secret,
    /// Exchanged once for a new pair.
    pub refresh_token: Secret,
    /// Seconds until the access token expires.
    pub expires_in_seconds: u32,
    /// Who signed in.
    pub user_id: UserId,
}

/// Exchanges a refresh token for a new pair. A token that has been exchanged before has been stolen, by whoever came
/// first or second: the whole family is revoked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RefreshTokens {
    /// The refresh token.
    pub refresh_token: Secret,
}
operation!(RefreshTokens => TokenPair, RefreshTokensError; "identity.refresh_tokens", Command, Public);

/// Why a refresh token is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RefreshTokensError {
    /// Unknown, expired, revoked or used before: the caller does not learn which.
    InvalidToken,
}

/// Ends a session: its refresh tokens are worth nothing any more. An unknown token is answered alike.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogOut {
    /// A refresh token of the session.
    pub refresh_token: Secret,
}
operation!(LogOut => (), Never; "identity.log_out", Command, Public);

/// Reads the caller's own profile.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetProfile {}
operation!(GetProfile => User, GetUserError; "identity.get_profile", Query, SignedIn);

/// Changes the caller's own profile.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpdateProfile {
    /// First name, 1 to 100 characters.
    pub first_name: String,
    /// Last name, 1 to 100 characters.
    pub last_name: String,
    /// The version that the caller has seen, if they care.
    pub expected_version: Option<i64>,
}
operation!(UpdateProfile => User, UpdateProfileError; "identity.update_profile", Command, SignedIn);

/// Why a profile cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UpdateProfileError {
    /// The user does not exist any more.
    NotFound,
    /// A field breaks a rule: which, and how.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The profile has changed since the version the caller knows.
    VersionMismatch {
        /// The version now.
        current: i64,
    },
}

/// An entry of an address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// The address.
    pub address: PostalAddress,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The most entries of an address book.
pub const MAX_ADDRESSES: usize = 50;

/// The caller's own addresses, oldest first: at most [`MAX_ADDRESSES`], so there is one page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListAddresses {}
operation!(ListAddresses => Vec<Address>, Never; "identity.list_addresses", Query, SignedIn);

/// Adds an address to the caller's own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AddAddress {
    /// The address.
    pub address: PostalAddress,
}
operation!(AddAddress => Address, AddAddressError; "identity.add_address", Command, SignedIn, keyed);

/// Why an address cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AddAddressError {
    /// The book is full ([`MAX_ADDRESSES`]).
    TooMany,
    /// The caller is not a person with an address book.
    NoAddressBook,
}

/// Replaces one of the caller's own addresses.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpdateAddress {
    /// Which.
    pub address_id: AddressId,
    /// The address from now on.
    pub address: PostalAddress,
}
operation!(UpdateAddress => Address, AddressError; "identity.update_address", Command, SignedIn;
    key = |op| Key::of(&op.address_id));

/// Removes one of the caller's own addresses.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RemoveAddress {
    /// Which.
    pub address_id: AddressId,
}
operation!(RemoveAddress => (), AddressError; "identity.remove_address", Command, SignedIn;
    key = |op| Key::of(&op.address_id));

/// Why an address cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AddressError {
    /// The caller has no such address.
    NotFound,
}

/// Reads a user, for other contexts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetUser {
    /// Who.
    pub user_id: UserId,
}
operation!(GetUser => User, GetUserError; "identity.get_user", Query, Internal; key = |op| Key::of(&op.user_id));

/// Why a user cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetUserError {
    /// There is no such user.
    NotFound,
}
