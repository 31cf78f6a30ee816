//! What every identity store owes, on the fake, on SQLite and on PostgreSQL.

use std::sync::Barrier;

use banyan::adapters::identity::sql::{MIGRATIONS, SqlIdentityStore};
use banyan::domains::identity::address_book::{AddressEntry, MAX_ADDRESSES};
use banyan::domains::identity::password::PasswordHash;
use banyan::domains::identity::session::{RefreshToken, RefreshTokenHash, Session};
use banyan::domains::identity::user::{PersonName, StoredUser, User};
use banyan::domains::shared::ids::{AddressId, SessionId, UserId};
use banyan::domains::shared::postal_address::PostalAddress;
use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::identity::outbound::{Added, IdentityStore, SigningKey, SigningKeyStore};
use banyan::ports::shared::idempotency::KeyRecord;
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};
use uuid::Uuid;

use crate::fakes::identity::FakeIdentityStore;
use crate::support::contract::store_contract;

/// All of identity's stores, which are one.
trait Store: IdentityStore + SigningKeyStore {}

impl<T: IdentityStore + SigningKeyStore> Store for T {}

store_contract! {
    context = "identity", fake = FakeIdentityStore::new(), sql = SqlIdentityStore::new, migrations = MIGRATIONS;
    every_field_of_a_user_comes_back,
    texts_that_mean_something_elsewhere_come_back_as_they_were,
    an_address_of_mail_belongs_to_one_user,
    of_several_who_register_an_address_at_once_one_does,
    a_user_is_written_over_the_version_before_only,
    a_unit_of_work_is_written_whole_or_not_at_all,
    a_new_password_revokes_the_users_sessions_and_no_others,
    every_field_of_an_address_comes_back_oldest_first,
    a_book_is_held_to_its_limit_also_when_several_add_at_once,
    nobody_reaches_into_the_book_of_another,
    every_field_of_a_session_and_its_tokens_comes_back,
    a_token_is_rotated_once_also_by_several_at_once,
    a_revoked_session_rotates_no_token_and_keeps_its_first_time,
    expired_sessions_are_forgotten_with_their_tokens_up_to_a_limit,
    several_who_bring_a_signing_key_at_once_get_the_same,
    every_field_of_a_signing_key_comes_back_newest_first,
}

const RACERS: u64 = 8;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + seconds).unwrap()
}

/// A time that would show a store which drops microseconds.
fn fine(seconds: i64) -> Timestamp {
    Timestamp::from_naive_utc(at(seconds).naive_utc() + std::time::Duration::from_micros(123_457))
}

fn user_id(number: u64) -> UserId {
    UserId::from(Uuid::from_u128(number.into()))
}

fn session_id(number: u64) -> SessionId {
    SessionId::from(Uuid::from_u128(number.into()))
}

fn user(number: u64, email: &str) -> User {
    User::from_storage(StoredUser {
        id: user_id(number),
        email: email.parse().unwrap(),
        password_hash: PasswordHash::from_hasher(format!("$argon2id${number}")),
        name: PersonName::new("Ada Augusta", "Lovelace ✓").unwrap(),
        role: Role::Staff,
        version: 7,
        created_at: fine(1),
        updated_at: fine(2),
    })
}

fn add(store: &dyn Store, number: u64) -> User {
    let user = user(number, &format!("user{number}@example.com"));
    store.add_user(&user, &UnitOfWork::none()).unwrap();
    user
}

fn entry(number: u64, owner: u64, street: &str) -> AddressEntry {
    let address = PostalAddress::new(street, "Springfield", "Oregon", "97403", "US").unwrap();
    AddressEntry::new(
        AddressId::from(Uuid::from_u128(number.into())),
        user_id(owner),
        address,
        fine(number.cast_signed()),
    )
}

fn hash(number: u64) -> RefreshTokenHash {
    RefreshTokenHash::new(format!("{number:064x}")).unwrap()
}

/// A session of a user with its first token, whose hash has the session's number.
fn sign_in(store: &dyn Store, number: u64, user: u64) -> Session {
    let session = Session::begin(session_id(number), user_id(user), fine(number.cast_signed()));
    store
        .begin_session(&session, &RefreshToken::fresh(hash(number), fine(number.cast_signed())))
        .unwrap();
    session
}

fn is_stale(result: Result<(), StorageError>) -> bool {
    matches!(result, Err(StorageError::Stale))
}

fn is_duplicate(error: &StorageError, of: &str) -> bool {
    matches!(error, StorageError::Duplicate { constraint } if constraint.contains(of))
}

/// Has several threads do something at once; returns what each got.
fn race<T: Send>(run: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(usize::try_from(RACERS).unwrap());
    std::thread::scope(|scope| {
        let (barrier, run) = (&barrier, &run);
        let racers: Vec<_> = (1..=RACERS)
            .map(|number| {
                scope.spawn(move || {
                    barrier.wait();
                    run(number)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

fn every_field_of_a_user_comes_back(store: &dyn Store) {
    let ada = add(store, 1);
    add(store, 2);
    assert_eq!(store.find_user(ada.id()).unwrap(), Some(ada.clone()));
    assert_eq!(store.find_user_by_email(ada.email()).unwrap(), Some(ada.clone()));
    assert_eq!(store.find_user(user_id(3)).unwrap(), None);
    assert_eq!(
        store
            .find_user_by_email(&"nobody@example.com".parse().unwrap())
            .unwrap(),
        None
    );
    let changed = User::from_storage(StoredUser {
        id: ada.id(),
        email: ada.email().clone(),
        password_hash: PasswordHash::from_hasher("another".to_owned()),
        name: PersonName::new("A.", "King").unwrap(),
        role: Role::Admin,
        version: 8,
        created_at: ada.created_at(),
        updated_at: fine(9),
    });
    store.update_user(&changed, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find_user(ada.id()).unwrap(), Some(changed));
}

fn texts_that_mean_something_elsewhere_come_back_as_they_were(store: &dyn Store) {
    let texts = [
        "' OR 1=1--",
        "%00",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "\\'; DROP TABLE users; --",
        "🦀 ÄÖÜ ß",
    ];
    let ada = add(store, 1);
    for (number, text) in (1..).zip(texts) {
        let before = store.find_user(ada.id()).unwrap().unwrap();
        let renamed = before.renamed(PersonName::new(text, text).unwrap(), fine(3));
        store.update_user(&renamed, &UnitOfWork::none()).unwrap();
        assert_eq!(store.find_user(ada.id()).unwrap(), Some(renamed));
        let address = PostalAddress::new(text, text, text, text, "DE").unwrap();
        let entry = AddressEntry::new(AddressId::from(Uuid::from_u128(number)), ada.id(), address, at(0));
        store.add_address(&entry, &UnitOfWork::none()).unwrap();
        assert_eq!(store.find_address(ada.id(), entry.id()).unwrap(), Some(entry));
    }
}

fn an_address_of_mail_belongs_to_one_user(store: &dyn Store) {
    store
        .add_user(&user(1, "ada@example.com"), &UnitOfWork::none())
        .unwrap();
    let error = store
        .add_user(&user(2, "ada@example.com"), &UnitOfWork::none())
        .unwrap_err();
    assert!(
        is_duplicate(&error, "users") && is_duplicate(&error, "email"),
        "{error:?}"
    );
    assert_eq!(store.find_user(user_id(2)).unwrap(), None);
}

fn of_several_who_register_an_address_at_once_one_does(store: &dyn Store) {
    let results = race(|number| store.add_user(&user(number, "ada@example.com"), &UnitOfWork::none()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(
        results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .all(|error| is_duplicate(error, "email"))
    );
}

fn a_user_is_written_over_the_version_before_only(store: &dyn Store) {
    let ada = add(store, 1);
    let name = || PersonName::new("Ada", "King").unwrap();
    let one = ada.renamed(name(), fine(3));
    store.update_user(&one, &UnitOfWork::none()).unwrap();
    assert!(is_stale(store.update_user(&one, &UnitOfWork::none())));
    assert!(is_stale(store.update_user_and_revoke_sessions(
        &one,
        at(4),
        &UnitOfWork::none()
    )));
    assert!(is_stale(
        store.update_user(&user(2, "eve@example.com"), &UnitOfWork::none())
    ));
    let results = race(|_number| store.update_user(&one.renamed(name(), fine(5)), &UnitOfWork::none()));
    assert_eq!(results.into_iter().flatten().count(), 1);
    assert_eq!(store.find_user(ada.id()).unwrap().unwrap().version(), 9);
}

fn a_unit_of_work_is_written_whole_or_not_at_all(store: &dyn Store) {
    let unit = || {
        UnitOfWork::none().with_key(Some(KeyWrite::Claim(KeyRecord {
            scope: "usr".to_owned(),
            key: "k-1".parse().unwrap(),
            operation: "identity.add_address".to_owned(),
            fingerprint: "f".to_owned(),
            answer: Some("{}".to_owned()),
            created_at: at(0),
        })))
    };
    add(store, 1);
    // An answer of no leaves the key free; a yes takes it; from then on it is a duplicate and nothing is written.
    assert_eq!(
        store.add_address(&entry(1, 9, "1 Fig Tree Lane"), &unit()).unwrap(),
        Added::NoSuchUser
    );
    assert_eq!(
        store.add_address(&entry(1, 1, "1 Fig Tree Lane"), &unit()).unwrap(),
        Added::Yes
    );
    let error = store.add_address(&entry(2, 1, "2 Fig Tree Lane"), &unit()).unwrap_err();
    assert!(is_duplicate(&error, "idempotency_keys"), "{error:?}");
    assert_eq!(store.addresses(user_id(1)).unwrap(), [entry(1, 1, "1 Fig Tree Lane")]);
}

fn a_new_password_revokes_the_users_sessions_and_no_others(store: &dyn Store) {
    let ada = add(store, 1);
    add(store, 2);
    sign_in(store, 1, 1);
    sign_in(store, 2, 1);
    sign_in(store, 3, 2);
    store.revoke_session(session_id(2), at(50)).unwrap();
    let appointed = ada
        .appointed(Role::Admin, PasswordHash::from_hasher("new".to_owned()), fine(60))
        .unwrap();
    store
        .update_user_and_revoke_sessions(&appointed, at(60), &UnitOfWork::none())
        .unwrap();
    let revoked_at = |number| store.find_token(&hash(number)).unwrap().unwrap().0.revoked_at();
    assert_eq!([1, 2, 3].map(revoked_at), [Some(at(60)), Some(at(50)), None]);
    assert_eq!(store.find_user(ada.id()).unwrap(), Some(appointed));
}

fn every_field_of_an_address_comes_back_oldest_first(store: &dyn Store) {
    add(store, 1);
    let entries = [entry(1, 1, "1 Fig Tree Lane"), entry(2, 1, "2 Fig Tree Lane")];
    for entry in entries.iter().rev() {
        assert_eq!(store.add_address(entry, &UnitOfWork::none()).unwrap(), Added::Yes);
    }
    assert_eq!(store.addresses(user_id(1)).unwrap(), entries);
    assert_eq!(
        store.find_address(user_id(1), entries[0].id()).unwrap().as_ref(),
        Some(&entries[0])
    );
    let moved = entries[0].replaced_by(PostalAddress::new("9 Elm Street", "Köln", "", "50667", "DE").unwrap());
    store.update_address(&moved, &UnitOfWork::none()).unwrap();
    assert_eq!(store.addresses(user_id(1)).unwrap(), [moved, entries[1].clone()]);
}

fn a_book_is_held_to_its_limit_also_when_several_add_at_once(store: &dyn Store) {
    add(store, 1);
    let limit = u64::try_from(MAX_ADDRESSES).unwrap();
    for number in 1..limit {
        store
            .add_address(&entry(number, 1, "1 Fig Tree Lane"), &UnitOfWork::none())
            .unwrap();
    }
    // Several rounds, because in the first the threads wait for connections rather than for each other.
    for round in 1..=10 {
        let number = |racer| 100 * round + racer;
        let answers = race(|racer| {
            store
                .add_address(&entry(number(racer), 1, "x"), &UnitOfWork::none())
                .unwrap()
        });
        let added: Vec<_> = (1..)
            .zip(&answers)
            .filter(|(_racer, answer)| **answer == Added::Yes)
            .collect();
        assert_eq!(added.len(), 1, "round {round}: {answers:?}");
        assert_eq!(
            answers.iter().filter(|answer| **answer == Added::BookFull).count(),
            answers.len() - 1
        );
        assert_eq!(store.addresses(user_id(1)).unwrap().len(), MAX_ADDRESSES);
        let winner = AddressId::from(Uuid::from_u128(number(added[0].0).into()));
        store.remove_address(user_id(1), winner, &UnitOfWork::none()).unwrap();
    }
}

fn nobody_reaches_into_the_book_of_another(store: &dyn Store) {
    add(store, 1);
    add(store, 2);
    let own = entry(1, 1, "1 Fig Tree Lane");
    store.add_address(&own, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find_address(user_id(2), own.id()).unwrap(), None);
    assert_eq!(store.addresses(user_id(2)).unwrap(), []);
    assert!(is_stale(
        store.update_address(&entry(1, 2, "13 Elm Street"), &UnitOfWork::none())
    ));
    assert!(is_stale(store.remove_address(
        user_id(2),
        own.id(),
        &UnitOfWork::none()
    )));
    assert_eq!(store.addresses(user_id(1)).unwrap(), std::slice::from_ref(&own));
    store.remove_address(user_id(1), own.id(), &UnitOfWork::none()).unwrap();
    assert!(is_stale(store.remove_address(
        user_id(1),
        own.id(),
        &UnitOfWork::none()
    )));
    assert!(is_stale(store.update_address(&own, &UnitOfWork::none())));
}

fn every_field_of_a_session_and_its_tokens_comes_back(store: &dyn Store) {
    add(store, 1);
    let session = sign_in(store, 1, 1);
    let first = RefreshToken::fresh(hash(1), fine(1));
    assert_eq!(store.find_token(&hash(1)).unwrap(), Some((session.clone(), first)));
    let next = RefreshToken::fresh(hash(2), fine(30));
    store.rotate_token(session.id(), &hash(1), &next).unwrap();
    let used = RefreshToken::from_storage(hash(1), Some(fine(30)), fine(1));
    assert_eq!(
        store.find_token(&hash(1)).unwrap(),
        Some((session.clone(), used.clone()))
    );
    assert_eq!(store.find_token(&hash(2)).unwrap(), Some((session.clone(), next)));
    assert_eq!(store.find_token(&hash(3)).unwrap(), None);
    store.revoke_session(session.id(), fine(40)).unwrap();
    let revoked = Session::from_storage(
        session.id(),
        session.user_id(),
        session.expires_at(),
        Some(fine(40)),
        session.created_at(),
    );
    assert_eq!(store.find_token(&hash(1)).unwrap(), Some((revoked, used)));
}

fn a_token_is_rotated_once_also_by_several_at_once(store: &dyn Store) {
    add(store, 1);
    sign_in(store, 1, 1);
    sign_in(store, 2, 1);
    let rotate =
        |session, number| store.rotate_token(session_id(session), &hash(1), &RefreshToken::fresh(hash(number), at(9)));
    assert!(is_stale(rotate(2, 50)), "a token of another session");
    let results = race(|number| rotate(1, 100 + number));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.into_iter().filter(Result::is_err).all(is_stale));
    let handed_out = (101..=100 + RACERS).filter(|number| store.find_token(&hash(*number)).unwrap().is_some());
    assert_eq!(handed_out.count(), 1);
}

fn a_revoked_session_rotates_no_token_and_keeps_its_first_time(store: &dyn Store) {
    add(store, 1);
    sign_in(store, 1, 1);
    store.revoke_session(session_id(1), at(50)).unwrap();
    store.revoke_session(session_id(1), at(60)).unwrap();
    store.revoke_session(session_id(9), at(60)).unwrap();
    assert!(is_stale(store.rotate_token(
        session_id(1),
        &hash(1),
        &RefreshToken::fresh(hash(2), at(70))
    )));
    let (session, token) = store.find_token(&hash(1)).unwrap().unwrap();
    assert_eq!((session.revoked_at(), token.used_at()), (Some(at(50)), None));
    assert_eq!(store.find_token(&hash(2)).unwrap(), None);
}

fn expired_sessions_are_forgotten_with_their_tokens_up_to_a_limit(store: &dyn Store) {
    add(store, 1);
    for number in 1..=4 {
        sign_in(store, number, 1);
    }
    let third_expires = store.find_token(&hash(3)).unwrap().unwrap().0.expires_at();
    assert_eq!(store.forget_sessions(third_expires, 1).unwrap(), 1);
    assert_eq!(store.find_token(&hash(1)).unwrap(), None);
    assert_eq!(store.forget_sessions(third_expires, 10).unwrap(), 1);
    assert_eq!(store.forget_sessions(third_expires, 10).unwrap(), 0);
    let left = (1..=4).filter(|number| store.find_token(&hash(*number)).unwrap().is_some());
    assert_eq!(left.collect::<Vec<u64>>(), [3, 4]);
}

fn signing_key(number: u64) -> SigningKey {
    SigningKey {
        kid: format!("key-{number}"),
        pkcs8_hex: Secret::new(format!("{number:096x}")),
        created_at: fine(number.cast_signed()),
        retired_at: None,
    }
}

fn several_who_bring_a_signing_key_at_once_get_the_same(store: &dyn Store) {
    let keys = race(|number| store.active_key_or(&signing_key(number)).unwrap());
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(store.signing_keys().unwrap(), [keys[0].clone()]);
    assert_eq!(store.active_key_or(&signing_key(99)).unwrap(), keys[0]);
}

fn every_field_of_a_signing_key_comes_back_newest_first(store: &dyn Store) {
    let retired = SigningKey {
        retired_at: Some(fine(5)),
        ..signing_key(1)
    };
    // A store has no way to retire a key yet; one that comes retired does not sign.
    let _not_active = store.active_key_or(&retired);
    assert_eq!(store.active_key_or(&signing_key(2)).unwrap(), signing_key(2));
    assert_eq!(store.signing_keys().unwrap(), [signing_key(2), retired]);
}
