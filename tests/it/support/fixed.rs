//! A clock that stands still until it is moved, and ids that count.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use banyan::domains::shared::correlation::CorrelationId;
use banyan::domains::shared::ids::UserId;
use banyan::domains::shared::role::Role;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::{CallContext, Deadline};
use banyan::ports::shared::clock::{Clock, IdSource};
use uuid::Uuid;

/// A clock that stands still at 2026-01-01T00:00:00Z until it is moved.
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub fn new() -> Self {
        Self(Mutex::new(Timestamp::from_unix_seconds(1_767_225_600).unwrap()))
    }

    pub fn advance_ms(&self, ms: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus_ms(ms);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ids 1, 2, 3...
pub struct CountingIds(AtomicU64);

impl CountingIds {
    pub fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl IdSource for CountingIds {
    fn next_uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

/// A call by a customer with a number.
pub fn customer(number: u128) -> CallContext {
    let id = UserId::from(Uuid::from_u128(number));
    call(Principal::User {
        id,
        role: Role::Customer,
    })
}

/// A call by a principal, with a minute to go.
pub fn call(principal: Principal) -> CallContext {
    CallContext::new(
        principal,
        CorrelationId::from(Uuid::from_u128(1)),
        Deadline::after(Duration::from_mins(1)),
    )
}

/// The same call under an idempotency key.
pub fn with_key(cx: &CallContext, key: &str) -> CallContext {
    let mut cx = CallContext::new(cx.principal.clone(), cx.correlation_id.clone(), cx.deadline);
    cx.idempotency_key = Some(key.parse().unwrap());
    cx
}
