//! Why what became of a payment or a refund could not be settled now.

use crate::domains::payments::payment::NotAPendingRefund;
use crate::domains::payments::status::IllegalTransition;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::storage::StorageError;

/// Why what became of a payment or a refund could not be settled now. The row stays as it is, so that it can be later.
#[derive(Debug)]
pub(super) enum Unsettled {
    /// The provider does not answer: the outcome stays unknown.
    ProviderAway,
    /// Somebody else has changed the payment: read it again.
    Changed,
    /// The store failed.
    Storage(StorageError),
    /// The provider or the store contradicts what is known. An operator must look.
    Contradiction(String),
}

impl Unsettled {
    /// What it is to who asked under an idempotency key, once the key is in flight: what was asked for will be brought
    /// to an end, and by then the key tells which.
    pub(super) fn after_begun<E>(self) -> Failure<E> {
        match self {
            Self::ProviderAway
            | Self::Changed
            | Self::Storage(StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_)) => Failure::Timeout,
            Self::Storage(error) => error.into(),
            Self::Contradiction(message) => Failure::internal(message),
        }
    }
}

impl From<StorageError> for Unsettled {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Stale => Self::Changed,
            other => Self::Storage(other),
        }
    }
}

impl From<IllegalTransition> for Unsettled {
    fn from(illegal: IllegalTransition) -> Self {
        Self::Contradiction(illegal.to_string())
    }
}

impl From<NotAPendingRefund> for Unsettled {
    fn from(unknown: NotAPendingRefund) -> Self {
        Self::Contradiction(unknown.to_string())
    }
}

/// What it is to a caller who asks again until it is settled.
impl<E> From<Unsettled> for Failure<E> {
    fn from(unsettled: Unsettled) -> Self {
        match unsettled {
            Unsettled::ProviderAway => Self::Unavailable,
            Unsettled::Changed => Self::Overloaded,
            Unsettled::Storage(error) => error.into(),
            Unsettled::Contradiction(message) => Self::internal(message),
        }
    }
}
