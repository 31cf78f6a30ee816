//! Identity over fakes, as its use-case tests need it.

use std::sync::Arc;

use banyan::adapters::identity::tokens::issuer::JwtIssuer;
use banyan::adapters::identity::tokens::keys::KeyRing;
use banyan::adapters::shared::access_tokens::public_keys::KeyBoard;
use banyan::adapters::shared::access_tokens::verifier::JwtVerifier;
use banyan::app::identity::IdentityService;
use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::{LogIn, LogInError, RegisterUser, TokenPair, User};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use crate::fakes::identity::{FakeHasher, FakeIdentityStore};
use crate::support::fixed::{CountingIds, FixedClock, call};

pub const PASSWORD: &str = "correct horse battery staple";

/// Identity with fast hashes and real tokens.
pub struct Shop {
    pub identity: Arc<IdentityService>,
    pub store: Arc<FakeIdentityStore>,
    pub hasher: Arc<FakeHasher>,
    pub clock: Arc<FixedClock>,
    pub verifier: Arc<JwtVerifier>,
    pub keys: Arc<KeyBoard>,
}

impl Shop {
    pub fn new() -> Self {
        let store = Arc::new(FakeIdentityStore::new());
        let hasher = Arc::new(FakeHasher::default());
        let clock = Arc::new(FixedClock::new());
        let ring = KeyRing::load(&*store, clock.now()).unwrap();
        let keys = Arc::new(KeyBoard::with(ring.public_keys().clone()));
        let identity = Arc::new(IdentityService::new(
            store.clone(),
            store.clone(),
            hasher.clone(),
            Arc::new(JwtIssuer::new(&ring)),
            clock.clone(),
            Arc::new(CountingIds::new()),
        ));
        Self {
            identity,
            store,
            hasher,
            verifier: Arc::new(JwtVerifier::new(keys.clone(), clock.clone())),
            keys,
            clock,
        }
    }

    pub fn register(&self, email: &str) -> User {
        self.identity.handle(&anonymous(), registration(email)).unwrap()
    }

    pub fn log_in(&self, email: &str, password: &str) -> Result<TokenPair, Failure<LogInError>> {
        let op = LogIn {
            email: email.parse().unwrap(),
            password: Secret::new(password),
        };
        self.identity.handle(&anonymous(), op)
    }

    /// The types of the events so far.
    pub fn event_types(&self) -> Vec<String> {
        self.store.events().into_iter().map(|event| event.event_type).collect()
    }
}

pub fn anonymous() -> CallContext {
    call(Principal::Anonymous)
}

pub fn as_user(user: &User) -> CallContext {
    call(Principal::User {
        id: user.id,
        role: Role::Customer,
    })
}

pub fn registration(email: &str) -> RegisterUser {
    RegisterUser {
        email: email.parse().unwrap(),
        password: Secret::new(PASSWORD),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
    }
}
