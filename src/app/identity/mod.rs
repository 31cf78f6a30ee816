//! Identity's use cases.
//!
//! Operations that carry a password or answer with tokens take no idempotency key: a key remembers a fingerprint of the
//! request and the answer, and neither may be kept of these. None needs one. To register twice is refused by the e-mail
//! address, to sign in twice makes two sessions that the user can end.

use std::sync::Arc;

use crate::domains::identity::address_book::{self, AddressEntry};
use crate::domains::identity::password::Password;
use crate::domains::identity::session::{RefreshToken, Session};
use crate::domains::identity::user;
use crate::domains::shared::ids::UserId;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::identity::events::UserProfileUpdated;
use crate::ports::identity::operations::{self, Address, TokenPair, User};
use crate::ports::identity::outbound::{HashingError, IdentityStore, PasswordHasher, TokenError, TokenIssuer};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::idempotency::IdempotencyStore;

mod create_staff;
mod register_user;

mod log_in;
mod log_out;
mod refresh_tokens;

mod get_profile;
mod get_user;
mod update_profile;

mod add_address;
mod list_addresses;
mod remove_address;
mod update_address;

// The message and the rule name the same number: a client plans with the one and meets the other.
const _: () = assert!(
    operations::MAX_ADDRESSES == address_book::MAX_ADDRESSES,
    "one limit, two numbers"
);

/// How often a write begins anew after somebody else changed the user in between.
const WRITE_ATTEMPTS: u32 = 3;

/// Carries out identity's operations.
pub struct IdentityService {
    store: Arc<dyn IdentityStore>,
    keys: Arc<dyn IdempotencyStore>,
    passwords: Arc<dyn PasswordHasher>,
    tokens: Arc<dyn TokenIssuer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl IdentityService {
    /// Identity over these ports.
    pub fn new(
        store: Arc<dyn IdentityStore>,
        keys: Arc<dyn IdempotencyStore>,
        passwords: Arc<dyn PasswordHasher>,
        tokens: Arc<dyn TokenIssuer>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            keys,
            passwords,
            tokens,
            clock,
            ids,
        }
    }

    /// The record that a user's profile or address book changed.
    fn profile_updated(&self, user_id: UserId, cx: &CallContext, now: Timestamp) -> EventRecord {
        EventRecord::of(&UserProfileUpdated { user_id }, cx, &*self.ids, now)
    }

    /// A session's next refresh token, and the pair that the client gets with it.
    fn next_tokens(
        &self,
        session: &Session,
        user: &user::User,
        now: Timestamp,
    ) -> Result<(RefreshToken, TokenPair), TokenError> {
        let refresh_token = self.tokens.refresh_token()?;
        let pair = TokenPair {
            access_token: self.tokens.access_token(user.id(), user.role(), session.id(), now)?,
            refresh_token: refresh_token.secret,
            expires_in_seconds: self.tokens.access_token_lifetime_seconds(),
            user_id: user.id(),
        };
        Ok((RefreshToken::fresh(refresh_token.hash, now), pair))
    }
}

/// A field that breaks a rule: which, and how. Never what it held.
struct InvalidField {
    field: &'static str,
    reason: String,
}

fn checked_name(first_name: &str, last_name: &str) -> Result<user::PersonName, InvalidField> {
    user::PersonName::new(first_name, last_name).map_err(|error| InvalidField {
        field: error.field,
        reason: error.reason.to_string(),
    })
}

fn checked_password(password: &Secret) -> Result<Password, InvalidField> {
    Password::new(password.expose()).map_err(|error| InvalidField {
        field: "password",
        reason: error.to_string(),
    })
}

fn user_message(user: &user::User) -> User {
    User {
        id: user.id(),
        email: user.email().clone(),
        first_name: user.name().first().to_owned(),
        last_name: user.name().last().to_owned(),
        role: user.role(),
        version: user.version(),
        created_at: user.created_at(),
        updated_at: user.updated_at(),
    }
}

fn address_message(entry: &AddressEntry) -> Address {
    Address {
        id: entry.id(),
        address: entry.address().clone(),
        created_at: entry.created_at(),
    }
}

impl<E> From<HashingError> for Failure<E> {
    fn from(error: HashingError) -> Self {
        Self::internal(format!("{error}: {}", error.0))
    }
}

impl<E> From<TokenError> for Failure<E> {
    fn from(error: TokenError) -> Self {
        Self::internal(format!("{error}: {}", error.0))
    }
}
