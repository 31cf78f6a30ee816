//! Where the consumers of a context stand that runs in another process.

use std::sync::Arc;
use std::time::Duration;

use super::peer::{Peer, ReadError};
use super::protocol::{ConsumerStanding, ConsumersBody, consumers_path};
use crate::ports::shared::events::{ConsumerStandings, DeadLetter};
use crate::ports::shared::storage::StorageError;

/// How long they may take to come.
const READ_TIME: Duration = Duration::from_secs(10);

/// The consumers of a context at a peer, for those who only look: each question is asked over there.
pub struct RemoteConsumers {
    peer: Arc<Peer>,
    context: String,
}

impl RemoteConsumers {
    /// Those of `context` at `peer`.
    pub fn at(peer: Arc<Peer>, context: impl Into<String>) -> Self {
        Self {
            peer,
            context: context.into(),
        }
    }

    /// All of them, as they stand now.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn all(&self) -> Result<Vec<ConsumerStanding>, ReadError> {
        let target = consumers_path(&self.context);
        let body: ConsumersBody = self.peer.read_json(&self.context, &target, READ_TIME)?;
        Ok(body.consumers)
    }

    fn standing(&self, consumer: &str) -> Result<ConsumerStanding, StorageError> {
        let all = self.all().map_err(ReadError::into_storage_error)?;
        let found = all.into_iter().find(|standing| standing.name == consumer);
        found.ok_or_else(|| {
            let context = &self.context;
            StorageError::Unavailable(format!("{context} at {} has no consumer {consumer}", self.peer.url()).into())
        })
    }
}

impl ConsumerStandings for RemoteConsumers {
    fn position(&self, consumer: &str) -> Result<i64, StorageError> {
        self.standing(consumer).map(|standing| standing.position)
    }

    /// At most [`super::protocol::MAX_DEAD_LETTERS`], whatever the limit.
    fn parked(&self, consumer: &str, limit: u32) -> Result<Vec<DeadLetter>, StorageError> {
        let mut parked = self.standing(consumer)?.parked;
        parked.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(parked)
    }
}
