//! Why an operation did not bring the wished result. The same type whether the other side is in this process or not: a
//! caller that ignores that it may be away does not compile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::Denial;
use super::storage::StorageError;

/// Why an operation did not bring the wished result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Failure<E> {
    /// A business outcome of the operation.
    Domain(E),
    /// Nobody has signed in.
    Unauthenticated,
    /// The principal may not ask for this.
    Forbidden,
    /// The operation needs an idempotency key and came without.
    IdempotencyKeyMissing,
    /// An operation under the same key is being carried out right now.
    IdempotencyKeyInFlight,
    /// The key has been used for something else.
    IdempotencyKeyReused,
    /// What is needed (a database, a context) is away. Nothing has been done.
    Unavailable,
    /// The deadline passed. Whether it has been done is unknown.
    Timeout,
    /// Too much to do already. Nothing has been done.
    Overloaded,
    /// The other side speaks an incompatible version.
    ContractMismatch,
    /// A defect or damaged data. What the operator may read; the client learns only the correlation id.
    Internal(InternalMessage),
}

/// What an operator may read and a client may not: it has no `Display`, so it cannot slip into an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InternalMessage(String);

impl InternalMessage {
    /// Keeps a message for the operator.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// For the log.
    pub fn for_operator(&self) -> &str {
        &self.0
    }
}

impl<E> Failure<E> {
    /// A defect or damaged data.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(InternalMessage::new(message))
    }

    /// Turns the business outcome into another, and keeps every other failure as it is.
    pub fn map_domain<F>(self, map: impl FnOnce(E) -> F) -> Failure<F> {
        self.and_domain(|error| Failure::Domain(map(error)))
    }

    /// Decides anew about a business outcome, and keeps every other failure as it is.
    pub fn and_domain<F>(self, decide: impl FnOnce(E) -> Failure<F>) -> Failure<F> {
        match self {
            Self::Domain(error) => decide(error),
            Self::Unauthenticated => Failure::Unauthenticated,
            Self::Forbidden => Failure::Forbidden,
            Self::IdempotencyKeyMissing => Failure::IdempotencyKeyMissing,
            Self::IdempotencyKeyInFlight => Failure::IdempotencyKeyInFlight,
            Self::IdempotencyKeyReused => Failure::IdempotencyKeyReused,
            Self::Unavailable => Failure::Unavailable,
            Self::Timeout => Failure::Timeout,
            Self::Overloaded => Failure::Overloaded,
            Self::ContractMismatch => Failure::ContractMismatch,
            Self::Internal(message) => Failure::Internal(message),
        }
    }
}

impl<E> From<StorageError> for Failure<E> {
    fn from(error: StorageError) -> Self {
        match error {
            // The adapter that lost the database has logged why.
            StorageError::Unavailable(_) => Self::Unavailable,
            StorageError::OutcomeUnknown(_) => Self::Timeout,
            other => Self::Internal(InternalMessage(other.with_sources())),
        }
    }
}

impl<E> From<Denial> for Failure<E> {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated => Self::Unauthenticated,
            Denial::Forbidden => Self::Forbidden,
        }
    }
}

/// The error of operations that have no business outcome but success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Never {}
