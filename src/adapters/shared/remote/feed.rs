//! The event log of a context that runs in another process.

use std::sync::Arc;
use std::time::Duration;

use super::peer::{Peer, ReadError};
use super::protocol::{EventsBody, events_path};
use crate::ports::shared::events::{EventFeed, LoggedEvent};
use crate::ports::shared::storage::StorageError;

/// How long a part of a log may take to come.
const READ_TIME: Duration = Duration::from_secs(10);

/// The log of a context at a peer. What it shows is what the log over there shows, so that it skips nothing, either.
pub struct RemoteFeed {
    peer: Arc<Peer>,
    context: String,
}

impl RemoteFeed {
    /// The log of `context` at `peer`.
    pub fn at(peer: Arc<Peer>, context: impl Into<String>) -> Self {
        Self {
            peer,
            context: context.into(),
        }
    }
}

impl EventFeed for RemoteFeed {
    fn read_after(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        let target = events_path(&self.context, position, limit);
        let body: Result<EventsBody, _> = self.peer.read_json(&self.context, &target, READ_TIME);
        Ok(body.map_err(ReadError::into_storage_error)?.events)
    }
}
