//! Dead letters, as clients see them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::ports::shared::dead_letters::{LetterGone, ParkedEvent};

/// A dead letter: an event that a consumer could not digest, or that waits behind one of the same subject.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterBody {
    /// Its name.
    #[schema(example = "catalog.on_stock_changed:evt_01h2e8kqvbfwea724h75qc655w")]
    id: String,
    /// The context that parked it.
    context: String,
    /// The consumer that parked it.
    consumer: String,
    /// The event's id.
    event_id: String,
    /// What happened.
    event_type: String,
    /// The version of the payload.
    event_version: i32,
    /// What it happened to. Letters of one consumer and subject are a lane: they are replayed in their order.
    subject: String,
    /// Its place in the log of the context that told it.
    seq: i64,
    /// When it happened.
    occurred_at: String,
    /// The request that caused it.
    correlation_id: String,
    /// Why it was parked, or refused the last time.
    reason: String,
    /// How often it was tried; 0 for one that only waits behind another.
    attempts: i32,
    /// When it was parked.
    parked_at: String,
    /// How long ago that was, in seconds.
    age_seconds: i64,
    /// The event's payload; a text where it is no JSON. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

/// Without its payload.
impl From<ParkedEvent> for DeadLetterBody {
    fn from(parked: ParkedEvent) -> Self {
        let event = parked.letter.event.event;
        Self {
            context: parked.id.context().to_owned(),
            id: parked.id.to_string(),
            consumer: parked.letter.consumer,
            event_id: event.event_id.to_string(),
            event_type: event.event_type,
            event_version: event.version,
            subject: event.subject,
            seq: parked.letter.event.seq,
            occurred_at: event.occurred_at.to_string(),
            correlation_id: event.correlation_id.to_string(),
            reason: parked.letter.reason,
            attempts: parked.letter.attempts,
            parked_at: parked.letter.parked_at.to_string(),
            age_seconds: parked.age_ms / 1000,
            payload: None,
        }
    }
}

impl DeadLetterBody {
    /// With its payload.
    pub(super) fn whole(parked: ParkedEvent) -> Self {
        let text = parked.letter.event.event.payload.clone();
        let payload = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            payload: Some(payload),
            ..Self::from(parked)
        }
    }
}

/// A dead letter that is one no more.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LetterGoneBody {
    /// Its name.
    id: String,
    /// What comes first in its lane now, and can be replayed next; null where nothing waits there.
    next: Option<String>,
}

impl From<LetterGone> for LetterGoneBody {
    fn from(gone: LetterGone) -> Self {
        Self {
            id: gone.id.to_string(),
            next: gone.next.map(|id| id.to_string()),
        }
    }
}
