//! Events: facts that a context has committed, in the order of its log. The envelope follows `CloudEvents` 1.0.

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::call_context::CallContext;
use super::clock::IdSource;
use super::storage::StorageError;
use crate::domains::shared::correlation::CorrelationId;
use crate::domains::shared::ids::EventId;
use crate::domains::shared::timestamp::Timestamp;

/// A kind of event. Its JSON form is a contract ([`super::contract`]): fields are added, never changed.
pub trait Event: Listed + Serialize + DeserializeOwned + JsonSchema {
    /// `order.confirmed`: the aggregate and what happened to it.
    const TYPE: &'static str;
    /// Version of the payload.
    const VERSION: i32 = 1;

    /// The aggregate it is about: events of one subject are delivered in their order.
    fn subject(&self) -> String;
}

/// Stands in its context's table of events: `events!` alone implements it, so that no event is forgotten there.
pub trait Listed {}

/// What is known of a kind of event without an instance of it: a row of a context's table of events.
#[derive(Debug, Clone, Copy)]
pub struct EventInfo {
    /// [`Event::TYPE`].
    pub event_type: &'static str,
    /// [`Event::VERSION`].
    pub version: i32,
    /// The form of its payload, as the generator describes it; types that it refers to are left with the generator.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl EventInfo {
    /// The row of `E`.
    pub const fn of<E: Event>() -> Self {
        Self {
            event_type: E::TYPE,
            version: E::VERSION,
            schema: SchemaGenerator::subschema_for::<E>,
        }
    }
}

/// Declares a context's table of events, all that it tells: `events!(OrderCreated, OrderConfirmed);`
macro_rules! events {
    ($($event:ident),+ $(,)?) => {
        /// All that this context tells.
        pub const EVENTS: &[$crate::ports::shared::events::EventInfo] = &[
            $($crate::ports::shared::events::EventInfo::of::<$event>()),+
        ];
        $(impl $crate::ports::shared::events::Listed for $event {})+
    };
}
pub(crate) use events;

/// An event as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// `id` of the envelope.
    pub event_id: EventId,
    /// `type` of the envelope.
    pub event_type: String,
    /// Version of the payload.
    pub version: i32,
    /// `subject` of the envelope.
    pub subject: String,
    /// `data` of the envelope: JSON.
    pub payload: String,
    /// `time` of the envelope.
    pub occurred_at: Timestamp,
    /// The request that caused it.
    pub correlation_id: CorrelationId,
    /// W3C `traceparent` of that request.
    pub trace_parent: Option<String>,
}

impl EventRecord {
    /// Wraps an event that is about to be committed.
    pub fn of<E: Event>(event: &E, cx: &CallContext, ids: &dyn IdSource, now: Timestamp) -> Self {
        Self {
            event_id: ids.make(),
            event_type: E::TYPE.to_owned(),
            version: E::VERSION,
            subject: event.subject(),
            // A message of ours is plain data: strings, numbers, lists. Should that ever be untrue, `null` reaches the
            // consumer, which parks it as poison, rather than a panic in the middle of a checkout.
            payload: serde_json::to_string(event).unwrap_or_else(|_| "null".to_owned()),
            occurred_at: now,
            correlation_id: cx.correlation_id.clone(),
            trace_parent: cx.trace_parent.clone(),
        }
    }

    /// The event, if it is of this type and can be read.
    ///
    /// # Errors
    /// The reason why the payload cannot be read: the event is poison to this consumer.
    pub fn decode<E: Event>(&self) -> Result<Option<E>, serde_json::Error> {
        if self.event_type == E::TYPE {
            serde_json::from_str(&self.payload).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// An event and its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoggedEvent {
    /// Its place: increasing, not necessarily without gaps.
    pub seq: i64,
    /// The event.
    pub event: EventRecord,
}

/// A context's log, as its readers see it: in this process a query, elsewhere a feed.
pub trait EventFeed: Send + Sync {
    /// At most `limit` events after `position`, in order.
    ///
    /// MUST NOT show an event while one with a lower `seq` may still be committed: a reader that moves past it would
    /// never see the other.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when the log cannot be read now.
    fn read_after(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError>;
}

/// The proof that an effect belongs to an event: committed with the effect, it makes the effect happen once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The event came out of the log: the consumer moves past it.
    Passage(Passage),
    /// The event came out of the dead letters: its letter goes.
    Letter(LetterPlace),
}

/// A consumer's way past one or several events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The stable name of the consumer, `inventory.on_order_cancelled`.
    pub consumer: String,
    /// Where the consumer stood before.
    pub from_position: i64,
    /// Where it stands after.
    pub to_position: i64,
}

/// Where a dead letter is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterPlace {
    /// The consumer that parked it.
    pub consumer: String,
    /// The event's place in the log.
    pub seq: i64,
}

/// An event that a consumer could not digest, parked with everything behind it on the same subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// The consumer that parked it.
    pub consumer: String,
    /// The event.
    pub event: LoggedEvent,
    /// Why: the last error, or that an earlier event of the subject is parked.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was parked.
    pub parked_at: Timestamp,
}

impl DeadLetter {
    /// Where it is kept.
    pub fn place(&self) -> LetterPlace {
        LetterPlace {
            consumer: self.consumer.clone(),
            seq: self.event.seq,
        }
    }
}

/// Where the consumers of a context stand, for those who only look.
pub trait ConsumerStandings: Send + Sync {
    /// Where `consumer` stands: 0 before its first event.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn position(&self, consumer: &str) -> Result<i64, StorageError>;

    /// The parked events of a consumer, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn parked(&self, consumer: &str, limit: u32) -> Result<Vec<DeadLetter>, StorageError>;
}

/// Where the consumers of a context stand. Kept in the consumer's database, so that it commits with the effect.
pub trait ConsumerStore: ConsumerStandings {
    /// Moves `consumer` on without an effect.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the consumer no longer stands at `from_position`.
    fn advance(&self, passage: &Passage) -> Result<(), StorageError>;

    /// Those of `subjects` of which an event is parked. Callers pass the subjects of one batch of events.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn parked_among(&self, consumer: &str, subjects: &[&str]) -> Result<BTreeSet<String>, StorageError>;

    /// Parks an event and moves the consumer past it, in one transaction.
    ///
    /// # Errors
    /// As [`Self::advance`].
    fn park(&self, letter: &DeadLetter, passage: &Passage) -> Result<(), StorageError>;

    /// Parks an event as [`Self::park`] does, if another one of its subject still waits there; else writes nothing and
    /// returns `false`. MUST exclude that the last one goes at the same time: an event would be left behind in a lane
    /// that nobody is at.
    ///
    /// # Errors
    /// As [`Self::advance`].
    fn park_behind(&self, letter: &DeadLetter, passage: &Passage) -> Result<bool, StorageError>;
}
