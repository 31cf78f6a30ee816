//! Hands a context's log on to a broker: in order, from where it stands, again if need be.

use std::sync::Arc;

use super::event_reader::Progress;
use crate::ports::shared::event_publisher::{EventPublisher, PublishError};
use crate::ports::shared::events::{ConsumerStore, EventFeed, Passage};
use crate::ports::shared::failpoint::failpoint;
use crate::ports::shared::storage::StorageError;

/// Events published at once: one write of the position for so many, and well below what a broker confirms in a second.
const BATCH: u32 = 500;

/// A log, the broker that is told of it, and how far it has been told.
///
/// The position is that of an ordinary consumer, kept in the context's own database. It moves only behind what the
/// broker has confirmed, so an event can be published twice, after a crash or by two instances, and never not at all.
/// Nobody waits for it: a request ends with the commit of its events.
pub struct Relay {
    context: &'static str,
    name: &'static str,
    feed: Arc<dyn EventFeed>,
    positions: Arc<dyn ConsumerStore>,
    publisher: Arc<dyn EventPublisher>,
}

impl Relay {
    /// Has `publisher` told of `feed`, the log of `context`. `name` is the stable name under which `positions` keeps how
    /// far: `inventory.relay`.
    pub fn new(
        context: &'static str,
        name: &'static str,
        feed: Arc<dyn EventFeed>,
        positions: Arc<dyn ConsumerStore>,
        publisher: Arc<dyn EventPublisher>,
    ) -> Self {
        Self {
            context,
            name,
            feed,
            positions,
            publisher,
        }
    }

    /// The name of its position.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Publishes one batch.
    pub fn relay_batch(&self) -> Progress {
        self.try_batch().unwrap_or_else(|error| {
            match error {
                // The connection tells the log once that it is lost; not every turn has to.
                RelayError::Broker(PublishError::Away) => tracing::debug!(relay = self.name, "the broker is away"),
                RelayError::Broker(error) => tracing::warn!(relay = self.name, %error, "cannot publish events now"),
                RelayError::Log(error) => tracing::warn!(
                    relay = self.name,
                    error = error.with_sources(),
                    "cannot read or move the position now"
                ),
            }
            Progress::Blocked
        })
    }

    fn try_batch(&self) -> Result<Progress, RelayError> {
        let start = self.positions.position(self.name)?;
        let events = self.feed.read_after(start, BATCH)?;
        let Some(last) = events.last() else {
            return Ok(Progress::Idle);
        };
        failpoint!("relay.{}.publish.before", self.name);
        self.publisher
            .publish(self.context, start, &events)
            .map_err(RelayError::Broker)?;
        failpoint!("relay.{}.publish.after", self.name);
        let passage = Passage {
            consumer: self.name.to_owned(),
            from_position: start,
            to_position: last.seq,
        };
        match self.move_position(&passage) {
            Ok(()) => Ok(Progress::Read(events.len())),
            Err(StorageError::Stale) => Ok(Progress::Overtaken),
            Err(error) => Err(error.into()),
        }
    }

    fn move_position(&self, passage: &Passage) -> Result<(), StorageError> {
        failpoint!("relay.{}.position.before", self.name);
        self.positions.advance(passage)?;
        failpoint!("relay.{}.position.after", self.name);
        Ok(())
    }
}

enum RelayError {
    Log(StorageError),
    Broker(PublishError),
}

impl From<StorageError> for RelayError {
    fn from(error: StorageError) -> Self {
        Self::Log(error)
    }
}
