//! Writes that another write overtakes are begun anew, so that they see what the other has written.

use crate::ports::shared::failure::Failure;
use crate::ports::shared::storage::StorageError;

/// How often a write is begun. Of those that overtake one another each time one gets ahead, and no more of them run at
/// once than a bulkhead has workers.
const MAX_TRIES: u32 = 20;

/// Why an attempt at an operation did not bring the wished result.
pub(super) enum Setback<E> {
    /// Another write came between reading and writing. Whoever looks again sees it.
    Overtaken(StorageError),
    /// Looking again does not help.
    Final(Failure<E>),
}

impl<E> From<Failure<E>> for Setback<E> {
    fn from(failure: Failure<E>) -> Self {
        Self::Final(failure)
    }
}

impl<E> From<StorageError> for Setback<E> {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Duplicate { .. } | StorageError::Stale => Self::Overtaken(error),
            other => Self::Final(other.into()),
        }
    }
}

/// Carries out `attempt` until it is not overtaken.
///
/// # Errors
/// [`Failure::Overloaded`] when it is overtaken every time; else as `attempt`.
pub(super) fn until_not_overtaken<T, E>(mut attempt: impl FnMut() -> Result<T, Setback<E>>) -> Result<T, Failure<E>> {
    for _try in 0..MAX_TRIES {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(Setback::Final(failure)) => return Err(failure),
            Err(Setback::Overtaken(error)) => tracing::info!(error = error.with_sources(), "a write was overtaken"),
        }
    }
    tracing::warn!("a write was overtaken {MAX_TRIES} times");
    Err(Failure::Overloaded)
}
