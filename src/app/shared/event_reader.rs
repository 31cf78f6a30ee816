//! Reads a context's event log on behalf of a consumer: in order, each effect once, poison set aside.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::ports::shared::clock::Clock;
use crate::ports::shared::events::{ConsumerStore, DeadLetter, Delivery, EventFeed, EventRecord, LoggedEvent, Passage};
use crate::ports::shared::failpoint::{failpoint, is_end_of_process};
use crate::ports::shared::panics::message_of;
use crate::ports::shared::storage::StorageError;

/// Events read at once.
const BATCH: u32 = 100;
/// How often an event is tried before it is parked.
pub const MAX_ATTEMPTS: i32 = 5;
/// Pause before the second attempt where something is away; each further one waits twice as long, 300 ms in all.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The same where the event is to blame, 3 ms in all: time does not heal it, and behind it everybody else's events wait.
/// The other attempts are for the rare case that another transaction was in the way and nobody said so.
const FIRST_PAUSE_AT_POISON: Duration = Duration::from_micros(200);

/// Why a consumer did not take an event in.
#[derive(Debug)]
pub enum ConsumeError {
    /// The event will never do: it cannot be read, or breaks a rule.
    Poison(String),
    /// It may do later: something is away.
    Retry(String),
    /// Somebody else has taken it in.
    Stale,
}

impl From<StorageError> for ConsumeError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Stale => Self::Stale,
            // Whatever else a database says of itself is no fault of the event.
            StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_) | StorageError::Other(_) => {
                Self::Retry(error.with_sources())
            }
            other => Self::Poison(other.with_sources()),
        }
    }
}

impl From<serde_json::Error> for ConsumeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(error.to_string())
    }
}

/// A panic is an attempt like any other: an event that brings its consumer to one again and again is poison. The connection
/// on which it happened is not used again, so nothing half done is committed.
fn caught(take_in: impl FnOnce() -> Result<bool, ConsumeError>) -> Result<bool, ConsumeError> {
    catch_unwind(AssertUnwindSafe(take_in)).unwrap_or_else(|panic| {
        if is_end_of_process(panic.as_ref()) {
            resume_unwind(panic);
        }
        let reason = format!("the consumer panicked: {}", message_of(panic.as_ref()));
        Err(ConsumeError::Poison(reason))
    })
}

/// Takes events in. A context has one for each log that it listens to and each purpose.
pub trait Consumer: Send + Sync {
    /// The stable name under which its position is kept: `catalog.on_stock_changed`.
    fn name(&self) -> &'static str;

    /// The types of events it cares for; the others pass by.
    fn event_types(&self) -> &'static [&'static str];

    /// Takes an event in and commits `delivery` in the transaction of the effect. An implementation that has no effect
    /// to commit MUST return `Ok(false)`: the reader then moves on by itself.
    ///
    /// # Errors
    /// See [`ConsumeError`].
    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError>;

    /// Takes several events in, in their order, and commits `delivery` in the one transaction of all their effects. For
    /// consumers that keep up with a busy log only this way. `Ok(false)`: nothing was committed, and the reader goes
    /// through them one by one, as it does after an error, which may be the fault of any of them.
    ///
    /// # Errors
    /// See [`ConsumeError`].
    fn consume_together(&self, _events: &[&EventRecord], _delivery: &Delivery) -> Result<bool, ConsumeError> {
        Ok(false)
    }
}

/// What is known of a consumer without an instance of it: a row of a context's table of consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerInfo {
    /// [`Consumer::name`].
    pub name: &'static str,
    /// The context whose log it reads.
    pub listens_to: &'static str,
    /// [`Consumer::event_types`].
    pub event_types: &'static [&'static str],
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing to read.
    Idle,
    /// So many events were read; there may be more.
    Read(usize),
    /// Another reader of the same name took an event in first: it is at work, and this one need not hurry.
    Overtaken,
    /// The log, the consumer's database or what it needs is away: try again later.
    Blocked,
}

/// A consumer, the log it reads and the place where it keeps its position.
pub struct EventReader {
    feed: Arc<dyn EventFeed>,
    positions: Arc<dyn ConsumerStore>,
    consumer: Arc<dyn Consumer>,
    clock: Arc<dyn Clock>,
}

impl EventReader {
    /// Has `consumer` read `feed`.
    pub fn new(
        feed: Arc<dyn EventFeed>,
        positions: Arc<dyn ConsumerStore>,
        consumer: Arc<dyn Consumer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            feed,
            positions,
            consumer,
            clock,
        }
    }

    /// The consumer's name.
    pub fn name(&self) -> &'static str {
        self.consumer.name()
    }

    /// Reads one batch.
    pub fn read_batch(&self) -> Progress {
        let progress = self.try_batch().unwrap_or_else(|error| {
            tracing::warn!(
                consumer = self.name(),
                error = error.with_sources(),
                "cannot read events now"
            );
            Progress::Blocked
        });
        if progress == Progress::Overtaken {
            // Nothing is lost and nothing happens twice; but that is what leases are for.
            tracing::warn!(consumer = self.name(), "another reader was at the same events");
        }
        progress
    }

    fn try_batch(&self) -> Result<Progress, StorageError> {
        let start = self.positions.position(self.name())?;
        let events = self.feed.read_after(start, BATCH)?;
        let Some(last) = events.last() else {
            return Ok(Progress::Idle);
        };
        let wanted: Vec<&LoggedEvent> = events
            .iter()
            .filter(|logged| self.consumer.event_types().contains(&logged.event.event_type.as_str()))
            .collect();
        let subjects: Vec<&str> = wanted.iter().map(|logged| logged.event.subject.as_str()).collect();
        let parked = self.positions.parked_among(self.name(), &subjects)?;
        if wanted.len() > 1 && parked.is_empty() {
            match self.together(&wanted, &Delivery::Passage(self.passage(start, last.seq))) {
                Some(Delivered::Moved) => return Ok(Progress::Read(events.len())),
                Some(Delivered::Elsewhere) => return Ok(Progress::Overtaken),
                _ => {}
            }
        }
        match self.one_by_one(&wanted, start, parked)? {
            ControlFlow::Break(progress) => return Ok(progress),
            // Events that pass by move the position only when something is written anyway, or at the end of the batch.
            ControlFlow::Continue(position) if position < last.seq => {
                match self.move_position(&self.passage(position, last.seq)) {
                    Ok(()) | Err(StorageError::Stale) => {}
                    Err(error) => return Err(error),
                }
            }
            ControlFlow::Continue(_) => {}
        }
        Ok(Progress::Read(events.len()))
    }

    fn move_position(&self, passage: &Passage) -> Result<(), StorageError> {
        failpoint!("event_reader.{}.position.before", self.name());
        self.positions.advance(passage)?;
        failpoint!("event_reader.{}.position.after", self.name());
        Ok(())
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        failpoint!("event_reader.{}.consume.before", self.name());
        let moved = caught(|| self.consumer.consume(event, delivery))?;
        failpoint!("event_reader.{}.consume.after", self.name());
        Ok(moved)
    }

    fn consume_together(&self, events: &[&EventRecord], delivery: &Delivery) -> Result<bool, ConsumeError> {
        failpoint!("event_reader.{}.together.before", self.name());
        let moved = caught(|| self.consumer.consume_together(events, delivery))?;
        failpoint!("event_reader.{}.together.after", self.name());
        Ok(moved)
    }

    fn passage(&self, from_position: i64, to_position: i64) -> Passage {
        Passage {
            consumer: self.name().to_owned(),
            from_position,
            to_position,
        }
    }

    /// `None` where they have to be taken one by one.
    fn together(&self, wanted: &[&LoggedEvent], delivery: &Delivery) -> Option<Delivered> {
        let events: Vec<&EventRecord> = wanted.iter().map(|logged| &logged.event).collect();
        match self.consume_together(&events, delivery) {
            Ok(true) => Some(Delivered::Moved),
            Ok(false) => None,
            Err(ConsumeError::Stale) => Some(Delivered::Elsewhere),
            Err(ConsumeError::Retry(reason) | ConsumeError::Poison(reason)) => {
                tracing::debug!(consumer = self.name(), reason, "events are taken in one by one");
                None
            }
        }
    }

    /// Where the consumer stands behind the last event that moved it, or why the batch ends early.
    fn one_by_one(
        &self,
        wanted: &[&LoggedEvent],
        start: i64,
        mut parked: BTreeSet<String>,
    ) -> Result<ControlFlow<Progress, i64>, StorageError> {
        let mut position = start;
        for logged in wanted {
            let passage = self.passage(position, logged.seq);
            // Order holds per subject: behind a parked event, its subject's later events wait in the same lane.
            let queued = if parked.contains(&logged.event.subject) {
                self.queue_up(logged, &passage)?
            } else {
                None
            };
            let delivered = match queued {
                Some(delivered) => delivered,
                None => self.deliver(logged, &passage, &mut parked)?,
            };
            match delivered {
                Delivered::Moved => position = logged.seq,
                Delivered::NotMoved => {}
                Delivered::Blocked => return Ok(ControlFlow::Break(Progress::Blocked)),
                Delivered::Elsewhere => return Ok(ControlFlow::Break(Progress::Overtaken)),
            }
        }
        Ok(ControlFlow::Continue(position))
    }

    fn deliver(
        &self,
        logged: &LoggedEvent,
        passage: &Passage,
        parked: &mut BTreeSet<String>,
    ) -> Result<Delivered, StorageError> {
        let delivery = Delivery::Passage(passage.clone());
        let mut patience = 1;
        let mut attempt = 1;
        loop {
            let first_pause = match self.consume(&logged.event, &delivery) {
                Ok(true) => return Ok(Delivered::Moved),
                Ok(false) => return Ok(Delivered::NotMoved),
                Err(ConsumeError::Stale) => return Ok(Delivered::Elsewhere),
                // What is away comes back: the event is not to blame, and stays where it is.
                Err(ConsumeError::Retry(reason)) if attempt >= MAX_ATTEMPTS => {
                    tracing::warn!(consumer = self.name(), reason, "cannot take an event in for now");
                    return Ok(Delivered::Blocked);
                }
                Err(ConsumeError::Poison(reason)) if attempt >= MAX_ATTEMPTS => {
                    parked.insert(logged.event.subject.clone());
                    return self.park(logged, passage, reason, attempt);
                }
                Err(ConsumeError::Retry(_)) => FIRST_PAUSE,
                Err(ConsumeError::Poison(_)) => FIRST_PAUSE_AT_POISON,
            };
            std::thread::sleep(first_pause * patience);
            patience *= 2;
            attempt += 1;
        }
    }

    /// Parks an event behind another one of its subject; `None` when that one has been replayed or discarded meanwhile,
    /// and the lane is free again.
    fn queue_up(&self, logged: &LoggedEvent, passage: &Passage) -> Result<Option<Delivered>, StorageError> {
        let letter = self.letter(logged, "an earlier event of this subject is parked".to_owned(), 0);
        match self.positions.park_behind(&letter, passage) {
            Ok(true) => {
                tracing::error!(consumer = self.name(), event = %logged.event.event_id, "event parked behind another one");
                Ok(Some(Delivered::Moved))
            }
            Ok(false) => Ok(None),
            Err(StorageError::Stale) => Ok(Some(Delivered::Elsewhere)),
            Err(error) => Err(error),
        }
    }

    fn park(
        &self,
        logged: &LoggedEvent,
        passage: &Passage,
        reason: String,
        attempts: i32,
    ) -> Result<Delivered, StorageError> {
        tracing::error!(consumer = self.name(), event = %logged.event.event_id, reason, "event parked");
        match self.positions.park(&self.letter(logged, reason, attempts), passage) {
            Ok(()) => Ok(Delivered::Moved),
            Err(StorageError::Stale) => Ok(Delivered::Elsewhere),
            Err(error) => Err(error),
        }
    }

    fn letter(&self, logged: &LoggedEvent, reason: String, attempts: i32) -> DeadLetter {
        DeadLetter {
            consumer: self.name().to_owned(),
            event: logged.clone(),
            reason,
            attempts,
            parked_at: self.clock.now(),
        }
    }
}

enum Delivered {
    /// The position moved with the effect.
    Moved,
    /// No effect; the position is moved later.
    NotMoved,
    /// Something is away.
    Blocked,
    /// Another reader of the same name is ahead.
    Elsewhere,
}
