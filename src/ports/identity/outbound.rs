//! What identity needs: stores, a password hasher, tokens. Private to the context.

use crate::domains::identity::address_book::AddressEntry;
use crate::domains::identity::password::{Password, PasswordHash};
use crate::domains::identity::session::{RefreshToken, RefreshTokenHash, Session};
use crate::domains::identity::user::User;
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::ids::{AddressId, SessionId, UserId};
use crate::domains::shared::role::Role;
use crate::domains::shared::secret::Secret;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::{BoxedError, StorageError, UnitOfWork};

/// Everything that identity keeps for its use cases, in one database.
pub trait IdentityStore: UserStore + AddressStore + SessionStore {}

impl<T: UserStore + AddressStore + SessionStore> IdentityStore for T {}

/// Keeps users. Their e-mail addresses are unique.
pub trait UserStore: Send + Sync {
    /// The user, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::Corrupt`].
    fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError>;

    /// The user with this address, if there is one.
    ///
    /// # Errors
    /// As [`Self::find_user`].
    fn find_user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StorageError>;

    /// Adds a user.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Duplicate`] and a constraint that names `users` and `email` when somebody has the
    /// address, also when the two are added at the same instant.
    fn add_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Writes a user over the version before theirs.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when that is not the version in storage.
    fn update_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// As [`Self::update_user`], and revokes every session of the user in the same transaction: what they could do
    /// before they cannot do on a device that is signed in already.
    ///
    /// # Errors
    /// As [`Self::update_user`].
    fn update_user_and_revoke_sessions(
        &self,
        user: &User,
        revoked_at: Timestamp,
        unit: &UnitOfWork,
    ) -> Result<(), StorageError>;
}

/// What became of an address that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is in the book.
    Yes,
    /// The book is full; nothing was written.
    BookFull,
    /// There is no such user; nothing was written.
    NoSuchUser,
}

/// Keeps address books.
pub trait AddressStore: Send + Sync {
    /// The user's entries, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::Corrupt`].
    fn addresses(&self, user_id: UserId) -> Result<Vec<AddressEntry>, StorageError>;

    /// The entry, if it is in the book of this user.
    ///
    /// # Errors
    /// As [`Self::addresses`].
    fn find_address(&self, user_id: UserId, id: AddressId) -> Result<Option<AddressEntry>, StorageError>;

    /// Adds an entry. MUST hold the book to
    /// [`room_for_one_more`](crate::domains::identity::address_book::room_for_one_more) in the transaction of the
    /// write, also when several are added at the same instant. MUST write nothing of `unit` when it answers anything
    /// but [`Added::Yes`].
    ///
    /// # Errors
    /// [`StorageError::Duplicate`] when the unit's idempotency key is taken.
    fn add_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<Added, StorageError>;

    /// Replaces an entry in the book of its user.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when that user has no such entry (any more).
    fn update_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Removes an entry from the book of this user.
    ///
    /// # Errors
    /// As [`Self::update_address`].
    fn remove_address(&self, user_id: UserId, id: AddressId, unit: &UnitOfWork) -> Result<(), StorageError>;
}

/// Keeps sessions and the hashes of their refresh tokens.
pub trait SessionStore: Send + Sync {
    /// Adds a session and its first token, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn begin_session(&self, session: &Session, first: &RefreshToken) -> Result<(), StorageError>;

    /// The token with this hash and its session, if we ever handed it out.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::Corrupt`].
    fn find_token(&self, hash: &RefreshTokenHash) -> Result<Option<(Session, RefreshToken)>, StorageError>;

    /// Marks a token of the session as used and adds its successor, in one transaction.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the token has been used or the session been revoked: of several
    /// exchanges of one token at the same instant one succeeds.
    fn rotate_token(
        &self,
        session_id: SessionId,
        used: &RefreshTokenHash,
        next: &RefreshToken,
    ) -> Result<(), StorageError>;

    /// Revokes a session. One that has been revoked before keeps its first time.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn revoke_session(&self, id: SessionId, revoked_at: Timestamp) -> Result<(), StorageError>;

    /// Forgets at most `limit` sessions that expired before `before`, with their tokens; returns how many.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn forget_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError>;
}

/// A hash could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed")]
pub struct HashingError(#[source] pub BoxedError);

/// Turns passwords into what is kept of them.
pub trait PasswordHasher: Send + Sync {
    /// The hash of a new password, with a salt of its own.
    ///
    /// # Errors
    /// [`HashingError`] when there is no randomness or no memory.
    fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError>;

    /// Whether `attempt` is the password that `hash` was made of. Without a hash (nobody has the e-mail address) the
    /// answer is no, and MUST take as long as with one.
    ///
    /// # Errors
    /// [`HashingError`] when the hash cannot be read, or there is no memory.
    fn verify(&self, attempt: &Secret, hash: Option<&PasswordHash>) -> Result<bool, HashingError>;
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be made")]
pub struct TokenError(#[source] pub BoxedError);

/// A refresh token that has just been made.
#[derive(Debug)]
pub struct NewRefreshToken {
    /// The token, for the client and nobody else.
    pub secret: Secret,
    /// What is kept of it.
    pub hash: RefreshTokenHash,
}

/// Makes tokens. What it signs, the [`TokenVerifier`](crate::ports::shared::tokens::TokenVerifier) of every context
/// takes.
pub trait TokenIssuer: Send + Sync {
    /// An access token for somebody in a session, valid from `now` for [`Self::access_token_lifetime_seconds`].
    ///
    /// # Errors
    /// [`TokenError`] when it cannot be signed.
    fn access_token(
        &self,
        user_id: UserId,
        role: Role,
        session_id: SessionId,
        now: Timestamp,
    ) -> Result<Secret, TokenError>;

    /// How long an access token is valid, in seconds.
    fn access_token_lifetime_seconds(&self) -> u32;

    /// A refresh token of 256 random bits.
    ///
    /// # Errors
    /// [`TokenError`] when there is no randomness.
    fn refresh_token(&self) -> Result<NewRefreshToken, TokenError>;

    /// What is kept of a refresh token that somebody presents.
    ///
    /// # Errors
    /// [`TokenError`] when it cannot be hashed.
    fn hash_refresh_token(&self, presented: &Secret) -> Result<RefreshTokenHash, TokenError>;
}

/// A key that signs access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in the header of tokens and in the published key set.
    pub kid: String,
    /// The private key: PKCS #8, version 1, in lower-case hex.
    pub pkcs8_hex: Secret,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceased to sign; tokens that it signed before are valid until they expire.
    pub retired_at: Option<Timestamp>,
}

/// Keeps signing keys, of which at most one is not retired.
pub trait SigningKeyStore: Send + Sync {
    /// The key that signs; `candidate`, from now on, if there is none. Of several that come with a candidate at the
    /// same instant all MUST get the same key.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn active_key_or(&self, candidate: &SigningKey) -> Result<SigningKey, StorageError>;

    /// All keys, newest first.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn signing_keys(&self) -> Result<Vec<SigningKey>, StorageError>;
}
