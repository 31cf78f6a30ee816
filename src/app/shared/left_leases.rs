//! Leases that workers of this process left behind: their database went away while they wrote. Nobody works under them any
//! more, so as soon as the database is there again they are ended, and whoever asks next need not wait until they run out.
//! What is forgotten here, with the process or beyond [`REMEMBERED_MAX`], runs out by itself.

use std::sync::{Mutex, PoisonError};

use crate::ports::shared::storage::StorageError;

/// So many owners of leases are remembered at most: more than sagas run at once.
const REMEMBERED_MAX: usize = 1_024;

/// The owners of leases that were left behind.
#[derive(Debug, Default)]
pub struct LeftLeases {
    owners: Mutex<Vec<String>>,
}

impl LeftLeases {
    /// This owner works no more, and could not say so.
    pub fn remember(&self, owner: String) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() < REMEMBERED_MAX {
            owners.push(owner);
        }
    }

    /// Has those that are remembered ended by `end`, and forgets them when that is done.
    ///
    /// # Errors
    /// That of `end`.
    pub fn end(&self, end: impl FnOnce(&[String]) -> Result<usize, StorageError>) -> Result<usize, StorageError> {
        let left = std::mem::take(&mut *self.owners.lock().unwrap_or_else(PoisonError::into_inner));
        if left.is_empty() {
            return Ok(0);
        }
        end(&left).inspect_err(|_not_now| left.iter().cloned().for_each(|owner| self.remember(owner)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_ended_once_and_kept_while_that_fails() {
        let leases = LeftLeases::default();
        assert_eq!(leases.end(|_| panic!("there is nothing to end")).unwrap(), 0);
        leases.remember("a".to_owned());
        leases.remember("b".to_owned());
        leases
            .end(|_| Err(StorageError::Unavailable("away".into())))
            .unwrap_err();
        let mut ended = Vec::new();
        let count = leases.end(|owners| {
            ended.extend_from_slice(owners);
            Ok(owners.len())
        });
        assert_eq!((count.unwrap(), ended), (2, vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(leases.end(|_| panic!("they are ended")).unwrap(), 0);
    }

    #[test]
    fn no_more_are_remembered_than_there_may_be() {
        let leases = LeftLeases::default();
        for number in 0..=REMEMBERED_MAX {
            leases.remember(number.to_string());
        }
        assert_eq!(leases.end(|owners| Ok(owners.len())).unwrap(), REMEMBERED_MAX);
    }
}
