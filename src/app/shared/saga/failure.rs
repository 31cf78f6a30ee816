//! Why a step of a saga was not taken, and what that means for the next attempt.

use crate::ports::shared::failure::Failure;
use crate::ports::shared::storage::StorageError;

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepFailure {
    /// It is refused for good, and has left nothing behind.
    Refused(String),
    /// Something went wrong, or the outcome is unknown: to be tried again, for a while.
    Retry(String),
    /// Nobody could be asked, or nobody answered: to be tried again for as long as that takes.
    Away(String),
    /// The saga is no longer this worker's, or may have moved on without its knowing.
    LostLease,
}

impl From<StorageError> for StepFailure {
    fn from(error: StorageError) -> Self {
        match error {
            // A commit of unknown outcome may stand. Only a fresh look at the database tells, so whoever looks next takes
            // over: to write an older record over what was committed would undo a purchase that stands.
            StorageError::Stale | StorageError::OutcomeUnknown(_) => Self::LostLease,
            StorageError::Unavailable(_) => Self::Away(error.with_sources()),
            other => Self::Retry(other.with_sources()),
        }
    }
}

/// What the failure of an operation means to the step that asked for it: a business outcome is decided upon, anything
/// else is tried again.
pub fn step_failure<E>(failure: Failure<E>, decide: impl FnOnce(E) -> StepFailure) -> StepFailure {
    match failure {
        Failure::Domain(error) => decide(error),
        Failure::Internal(message) => StepFailure::Retry(message.for_operator().to_owned()),
        Failure::Unauthenticated | Failure::Forbidden => StepFailure::Retry("may not be asked for".to_owned()),
        Failure::IdempotencyKeyMissing | Failure::IdempotencyKeyInFlight | Failure::IdempotencyKeyReused => {
            StepFailure::Retry("idempotency key".to_owned())
        }
        Failure::Unavailable => StepFailure::Away("unavailable".to_owned()),
        Failure::Timeout => StepFailure::Away("timeout".to_owned()),
        Failure::Overloaded => StepFailure::Away("overloaded".to_owned()),
        // Until both sides are of versions that understand each other.
        Failure::ContractMismatch => StepFailure::Away("contract mismatch".to_owned()),
    }
}
