//! What accompanies every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::Principal;
use super::idempotency::IdempotencyKey;
use crate::domains::shared::correlation::CorrelationId;

/// Until when an answer is of use to the caller. Measured by the monotonic clock: a wall clock that jumps neither
/// shortens nor prolongs it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// Time left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }
}

/// Whether an operation is to take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectMode {
    /// It is.
    Live,
    /// It is checked as far as it goes and changes nothing. Operations say whether they support it.
    DryRun,
}

/// What accompanies every call: first parameter of every handler.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// On whose behalf.
    pub principal: Principal,
    /// Ties together everything that one request causes: logs, events, calls.
    pub correlation_id: CorrelationId,
    /// The W3C `traceparent` header of the request, if it had one.
    pub trace_parent: Option<String>,
    /// Until when an answer is of use.
    pub deadline: Deadline,
    /// The caller's name for this very request, under which it has at most one effect.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Whether it is to take effect.
    pub effect_mode: EffectMode,
    replayed: Arc<AtomicBool>,
}

impl CallContext {
    /// A live call without an idempotency key.
    pub fn new(principal: Principal, correlation_id: CorrelationId, deadline: Deadline) -> Self {
        Self {
            principal,
            correlation_id,
            trace_parent: None,
            deadline,
            idempotency_key: None,
            effect_mode: EffectMode::Live,
            replayed: Arc::new(AtomicBool::new(false)),
        }
    }

    /// The context for a call that `service` makes to another context while it carries out this one: the same
    /// correlation, trace and deadline, on the service's own behalf and without the caller's key.
    #[must_use]
    pub fn on_behalf_of_service(&self, service: &str) -> Self {
        Self {
            principal: Principal::service(service),
            idempotency_key: None,
            replayed: Arc::new(AtomicBool::new(false)),
            ..self.clone()
        }
    }

    /// The same call with another deadline.
    #[must_use]
    pub fn with_deadline(&self, deadline: Deadline) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    /// Notes that the answer is that of an earlier request under the same key. The edge tells the client.
    pub fn note_replayed(&self) {
        self.replayed.store(true, Ordering::Relaxed);
    }

    /// Whether the answer is that of an earlier request under the same key.
    pub fn was_replayed(&self) -> bool {
        self.replayed.load(Ordering::Relaxed)
    }
}
