//! What all stores have in common: their errors, and what they commit together with an aggregate.

use std::error::Error;

use super::events::{Delivery, EventRecord};
use super::idempotency::KeyRecord;
use super::saga::SagaRecord;

/// A source of an error whose type only the adapter knows.
pub type BoxedError = Box<dyn Error + Send + Sync>;

/// Why a store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database does not answer, or no connection is free in time. Nothing has been written.
    #[error("the database is unavailable")]
    Unavailable(#[source] BoxedError),
    /// The connection was lost while committing: whether the write took place is unknown.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] BoxedError),
    /// A unique value exists already. `constraint` is what the database calls it.
    #[error("a unique value exists already: {constraint}")]
    Duplicate {
        /// Name of the constraint (`PostgreSQL`) or of its columns (`SQLite`).
        constraint: String,
    },
    /// The aggregate has changed since it was read.
    #[error("the row has been changed by somebody else")]
    Stale,
    /// A CHECK of the database refused the row: the last guard, behind the domain's own.
    #[error("the database refused the row: {constraint}")]
    Refused {
        /// Name or text of the check.
        constraint: String,
    },
    /// What was read is not what was written.
    #[error("damaged data: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("storage failure")]
    Other(#[source] BoxedError),
}

impl StorageError {
    /// Marks a value that was read and does not make sense.
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    /// The message with those of all its sources, for the log.
    pub fn with_sources(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }
}

/// What a store commits in the same transaction as the aggregate it is asked to write: all of it or nothing.
#[derive(Debug, Default)]
pub struct UnitOfWork {
    /// Events for the context's log, in order.
    pub events: Vec<EventRecord>,
    /// The idempotency key that this write claims or answers.
    pub key: Option<KeyWrite>,
    /// The saga that this write begins or moves on.
    pub saga: Option<SagaWrite>,
    /// The event whose effect this write is.
    pub delivery: Option<Delivery>,
}

/// What happens to an idempotency key.
#[derive(Debug)]
pub enum KeyWrite {
    /// A new key. MUST fail with [`StorageError::Duplicate`] when the key exists.
    Claim(KeyRecord),
    /// The answer of a key that was claimed in flight. Does nothing where the key has been forgotten since.
    Answer(KeyRecord),
}

/// What happens to a saga.
#[derive(Debug)]
pub enum SagaWrite {
    /// A new saga.
    Begin(SagaRecord),
    /// A step onward. MUST fail with [`StorageError::Stale`] when the saga's lease is no longer the writer's.
    Advance(SagaRecord),
}

impl UnitOfWork {
    /// Nothing beside the aggregate.
    pub fn none() -> Self {
        Self::default()
    }

    /// With these events.
    pub fn events(events: Vec<EventRecord>) -> Self {
        Self {
            events,
            ..Self::default()
        }
    }

    /// Also claims or answers a key.
    #[must_use]
    pub fn with_key(self, key: Option<KeyWrite>) -> Self {
        Self { key, ..self }
    }

    /// Also begins or advances a saga.
    #[must_use]
    pub fn with_saga(self, saga: SagaWrite) -> Self {
        Self {
            saga: Some(saga),
            ..self
        }
    }

    /// Is the effect of an event.
    #[must_use]
    pub fn with_delivery(self, delivery: Delivery) -> Self {
        Self {
            delivery: Some(delivery),
            ..self
        }
    }
}
