//! An in-memory fake of the identity store, and a hasher that costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use banyan::domains::identity::address_book::{AddressEntry, room_for_one_more};
use banyan::domains::identity::password::{Password, PasswordHash};
use banyan::domains::identity::session::{RefreshToken, RefreshTokenHash, Session};
use banyan::domains::identity::user::User;
use banyan::domains::shared::email::EmailAddress;
use banyan::domains::shared::ids::{AddressId, SessionId, UserId};
use banyan::domains::shared::secret::Secret;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::identity::outbound::{
    Added, AddressStore, HashingError, PasswordHasher, SessionStore, SigningKey, SigningKeyStore, UserStore,
};
use banyan::ports::shared::events::EventRecord;
use banyan::ports::shared::idempotency::{IdempotencyKey, IdempotencyStore, KeyRecord};
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};

#[derive(Default)]
struct Tables {
    users: Vec<User>,
    addresses: Vec<AddressEntry>,
    sessions: Vec<Session>,
    tokens: Vec<(SessionId, RefreshToken)>,
    signing_keys: Vec<SigningKey>,
    keys: HashMap<(String, String), KeyRecord>,
    events: Vec<EventRecord>,
}

/// Everything in vectors behind one lock: a transaction is a held lock and a copy to go back to.
#[derive(Default)]
pub struct FakeIdentityStore(Mutex<Tables>);

impl FakeIdentityStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap()
    }

    /// The events of committed units, in order.
    pub fn events(&self) -> Vec<EventRecord> {
        self.tables().events.clone()
    }

    /// All that is kept, as text: what must not be in it can be looked for.
    pub fn dump(&self) -> String {
        let tables = self.tables();
        let hashes: Vec<_> = tables.users.iter().map(|user| user.password_hash().expose()).collect();
        let tokens: Vec<_> = tables
            .tokens
            .iter()
            .map(|(_session, token)| token.hash().as_str())
            .collect();
        format!(
            "{:?} {hashes:?} {tokens:?} {:?} {:?}",
            tables.users, tables.keys, tables.events
        )
    }
}

fn commit(tables: &mut Tables, unit: &UnitOfWork) -> Result<(), StorageError> {
    if let Some(KeyWrite::Claim(record)) = &unit.key {
        let name = (record.scope.clone(), record.key.as_str().to_owned());
        if tables.keys.contains_key(&name) {
            return Err(StorageError::Duplicate {
                constraint: "idempotency_keys".to_owned(),
            });
        }
        tables.keys.insert(name, record.clone());
    }
    tables.events.extend(unit.events.iter().cloned());
    Ok(())
}

fn replace(tables: &mut Tables, user: &User) -> Result<(), StorageError> {
    let before = user.version() - 1;
    let kept = tables
        .users
        .iter_mut()
        .find(|kept| kept.id() == user.id() && kept.version() == before);
    *kept.ok_or(StorageError::Stale)? = user.clone();
    Ok(())
}

fn revoked(session: &Session, at: Timestamp) -> Session {
    let revoked_at = session.revoked_at().or(Some(at));
    Session::from_storage(
        session.id(),
        session.user_id(),
        session.expires_at(),
        revoked_at,
        session.created_at(),
    )
}

impl UserStore for FakeIdentityStore {
    fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        Ok(self.tables().users.iter().find(|user| user.id() == id).cloned())
    }

    fn find_user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StorageError> {
        Ok(self.tables().users.iter().find(|user| user.email() == email).cloned())
    }

    fn add_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError> {
        let mut tables = self.tables();
        if tables.users.iter().any(|kept| kept.email() == user.email()) {
            return Err(StorageError::Duplicate {
                constraint: "users.email".to_owned(),
            });
        }
        commit(&mut tables, unit)?;
        tables.users.push(user.clone());
        Ok(())
    }

    fn update_user(&self, user: &User, unit: &UnitOfWork) -> Result<(), StorageError> {
        let mut tables = self.tables();
        replace(&mut tables, user)?;
        commit(&mut tables, unit)
    }

    fn update_user_and_revoke_sessions(
        &self,
        user: &User,
        revoked_at: Timestamp,
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        let mut tables = self.tables();
        replace(&mut tables, user)?;
        for session in tables
            .sessions
            .iter_mut()
            .filter(|session| session.user_id() == user.id())
        {
            *session = revoked(session, revoked_at);
        }
        commit(&mut tables, unit)
    }
}

impl AddressStore for FakeIdentityStore {
    fn addresses(&self, user_id: UserId) -> Result<Vec<AddressEntry>, StorageError> {
        let mut found: Vec<_> = self
            .tables()
            .addresses
            .iter()
            .filter(|entry| entry.user_id() == user_id)
            .cloned()
            .collect();
        found.sort_by_key(|entry| (entry.created_at(), entry.id()));
        Ok(found)
    }

    fn find_address(&self, user_id: UserId, id: AddressId) -> Result<Option<AddressEntry>, StorageError> {
        Ok(self.addresses(user_id)?.into_iter().find(|entry| entry.id() == id))
    }

    fn add_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<Added, StorageError> {
        let mut tables = self.tables();
        if !tables.users.iter().any(|user| user.id() == entry.user_id()) {
            return Ok(Added::NoSuchUser);
        }
        let entries = tables
            .addresses
            .iter()
            .filter(|kept| kept.user_id() == entry.user_id())
            .count();
        if room_for_one_more(entries).is_err() {
            return Ok(Added::BookFull);
        }
        commit(&mut tables, unit)?;
        tables.addresses.push(entry.clone());
        Ok(Added::Yes)
    }

    fn update_address(&self, entry: &AddressEntry, unit: &UnitOfWork) -> Result<(), StorageError> {
        let mut tables = self.tables();
        let kept = tables
            .addresses
            .iter_mut()
            .find(|kept| kept.id() == entry.id() && kept.user_id() == entry.user_id());
        *kept.ok_or(StorageError::Stale)? = entry.clone();
        commit(&mut tables, unit)
    }

    fn remove_address(&self, user_id: UserId, id: AddressId, unit: &UnitOfWork) -> Result<(), StorageError> {
        let mut tables = self.tables();
        let place = tables
            .addresses
            .iter()
            .position(|kept| kept.id() == id && kept.user_id() == user_id);
        tables.addresses.remove(place.ok_or(StorageError::Stale)?);
        commit(&mut tables, unit)
    }
}

impl SessionStore for FakeIdentityStore {
    fn begin_session(&self, session: &Session, first: &RefreshToken) -> Result<(), StorageError> {
        let mut tables = self.tables();
        tables.sessions.push(session.clone());
        tables.tokens.push((session.id(), first.clone()));
        Ok(())
    }

    fn find_token(&self, hash: &RefreshTokenHash) -> Result<Option<(Session, RefreshToken)>, StorageError> {
        let tables = self.tables();
        let Some((id, token)) = tables.tokens.iter().find(|(_session, token)| token.hash() == hash) else {
            return Ok(None);
        };
        let session = tables.sessions.iter().find(|session| session.id() == *id);
        Ok(session.map(|session| (session.clone(), token.clone())))
    }

    fn rotate_token(
        &self,
        session_id: SessionId,
        used: &RefreshTokenHash,
        next: &RefreshToken,
    ) -> Result<(), StorageError> {
        let mut tables = self.tables();
        let is_live = tables
            .sessions
            .iter()
            .any(|session| session.id() == session_id && session.revoked_at().is_none());
        let kept = tables.tokens.iter_mut().find(|(session, token)| {
            is_live && *session == session_id && token.hash() == used && token.used_at().is_none()
        });
        let (_session, token) = kept.ok_or(StorageError::Stale)?;
        *token = RefreshToken::from_storage(used.clone(), Some(next.created_at()), token.created_at());
        tables.tokens.push((session_id, next.clone()));
        Ok(())
    }

    fn revoke_session(&self, id: SessionId, revoked_at: Timestamp) -> Result<(), StorageError> {
        let mut tables = self.tables();
        for session in tables.sessions.iter_mut().filter(|session| session.id() == id) {
            *session = revoked(session, revoked_at);
        }
        Ok(())
    }

    fn forget_sessions(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError> {
        let mut tables = self.tables();
        let mut expired: Vec<_> = tables
            .sessions
            .iter()
            .filter(|session| session.expires_at() < before)
            .collect();
        expired.sort_by_key(|session| session.expires_at());
        let gone: Vec<_> = expired
            .iter()
            .take(usize::try_from(limit).unwrap())
            .map(|session| session.id())
            .collect();
        tables.sessions.retain(|session| !gone.contains(&session.id()));
        tables.tokens.retain(|(session, _token)| !gone.contains(session));
        Ok(gone.len())
    }
}

impl SigningKeyStore for FakeIdentityStore {
    fn active_key_or(&self, candidate: &SigningKey) -> Result<SigningKey, StorageError> {
        let mut tables = self.tables();
        if let Some(active) = tables.signing_keys.iter().find(|key| key.retired_at.is_none()) {
            return Ok(active.clone());
        }
        tables.signing_keys.push(candidate.clone());
        Ok(candidate.clone())
    }

    fn signing_keys(&self) -> Result<Vec<SigningKey>, StorageError> {
        let mut keys = self.tables().signing_keys.clone();
        keys.sort_by(|one, other| other.created_at.cmp(&one.created_at).then(one.kid.cmp(&other.kid)));
        Ok(keys)
    }
}

impl IdempotencyStore for FakeIdentityStore {
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let record = self
            .tables()
            .keys
            .get(&(scope.to_owned(), key.as_str().to_owned()))
            .cloned();
        Ok(record.filter(|record| record.created_at >= not_before))
    }

    fn forget_keys(&self, before: Timestamp, _limit: u32) -> Result<usize, StorageError> {
        let mut tables = self.tables();
        let all = tables.keys.len();
        tables.keys.retain(|_name, record| record.created_at >= before);
        Ok(all - tables.keys.len())
    }
}

/// A hasher for tests that do not look at hashes; it remembers how often it had to work.
#[derive(Default)]
pub struct FakeHasher(Mutex<Vec<&'static str>>);

impl FakeHasher {
    /// What it did: `hash`, `verify`, `verify nobody`.
    pub fn work(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

impl PasswordHasher for FakeHasher {
    fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        self.0.lock().unwrap().push("hash");
        Ok(PasswordHash::from_hasher(digest(password.expose())))
    }

    fn verify(&self, attempt: &Secret, hash: Option<&PasswordHash>) -> Result<bool, HashingError> {
        self.0
            .lock()
            .unwrap()
            .push(if hash.is_some() { "verify" } else { "verify nobody" });
        Ok(hash.is_some_and(|hash| hash.expose() == digest(attempt.expose())))
    }
}

fn digest(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("fake-{:016x}", hasher.finish())
}
