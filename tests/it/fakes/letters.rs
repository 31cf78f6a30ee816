//! A context without dead letters.

use std::sync::Arc;

use banyan::app::shared::dead_letters::{DeadLetters, WithDeadLetters};
use banyan::ports::shared::dead_letters::{DeadLetterId, DeadLetterStore};
use banyan::ports::shared::events::{DeadLetter, LetterPlace};
use banyan::ports::shared::storage::StorageError;

use crate::support::fixed::FixedClock;

/// There are none.
struct NoLetters;

impl DeadLetterStore for NoLetters {
    fn letters(
        &self,
        _consumer: Option<&str>,
        _after: Option<&LetterPlace>,
        _limit: u32,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        Ok(Vec::new())
    }

    fn find_letter(&self, _id: &DeadLetterId) -> Result<Option<DeadLetter>, StorageError> {
        Ok(None)
    }

    fn first_of_lane(&self, _consumer: &str, _subject: &str) -> Result<Option<DeadLetterId>, StorageError> {
        Ok(None)
    }

    fn settle(&self, _place: &LetterPlace) -> Result<(), StorageError> {
        Err(StorageError::Stale)
    }

    fn note_attempt(&self, _place: &LetterPlace, _reason: &str) -> Result<bool, StorageError> {
        Ok(false)
    }

    fn discard(&self, _place: &LetterPlace) -> Result<bool, StorageError> {
        Ok(false)
    }
}

/// A service as its context, which has parked nothing.
pub fn without_letters<S>(service: S) -> WithDeadLetters<S> {
    without_letters_of(Arc::new(service))
}

/// As [`without_letters`], for a service that the test holds, too.
pub fn without_letters_of<S>(service: Arc<S>) -> WithDeadLetters<S> {
    let letters = DeadLetters::new(Arc::new(NoLetters), Vec::new(), Arc::new(FixedClock::new()));
    WithDeadLetters::new(service, letters)
}
