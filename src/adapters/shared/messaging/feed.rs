//! Another process's log, as it comes over the broker.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::arrivals::Arrivals;
use super::cloud_event::Linked;
use crate::ports::shared::events::{EventFeed, LoggedEvent};
use crate::ports::shared::storage::StorageError;

/// How often the log itself is looked at while nothing arrives: what the broker lost at the end of the log shows in no
/// chain, and a relay that is stuck sends nothing.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Pause before the log is asked again that was away, or did not have what the broker has already shown.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Called when there is something to read.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Who listens to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The stable name of the consumer: `catalog.on_stock_changed`. The queue is named after it.
    pub consumer: String,
    /// The context whose log it reads: `inventory`.
    pub context: String,
}

/// By which way events came, since the start: each counted once, when it was first handed to the consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliveries {
    /// Over the broker.
    pub broker: u64,
    /// From the log.
    pub log: u64,
    /// Messages refused because they are none of our events.
    pub malformed: u64,
}

/// The log of a context in another process, for one consumer: over the broker where it can be, from the log itself where
/// it must be.
///
/// What arrives carries the place of the event before it. As long as that chain is whole from the consumer's position
/// on, events are handed out as they came. At a gap, after a new connection, while the broker is away, and every
/// [`LOOK_EVERY`] while all is quiet, `log` is read instead. The consumer's position, which is committed with the
/// effect, is also the inbox: what is at or behind it is acknowledged and dropped, however often it comes.
pub struct AmqpFeed {
    subscription: Subscription,
    log: Arc<dyn EventFeed>,
    wake: Wake,
    look_every: Duration,
    state: Mutex<State>,
    /// Tells the channel that there is something to acknowledge.
    acknowledge: Notify,
    /// Whether anybody here reads it.
    wanted: watch::Sender<bool>,
    broker_count: AtomicU64,
    log_count: AtomicU64,
    malformed_count: AtomicU64,
}

struct State {
    arrivals: Arrivals,
    connected: bool,
    /// When the log is looked at next, if nothing arrives.
    look_at: Instant,
    /// When it may be asked next because of a gap.
    look_again_at: Instant,
    /// The last event that was counted.
    counted_to: i64,
}

impl AmqpFeed {
    /// Reads what `subscription` says from the broker, or else from `log`, which is the feed of the process that has it.
    /// `wake` is called when something arrives.
    pub fn new(subscription: Subscription, log: Arc<dyn EventFeed>, wake: Wake) -> Self {
        Self::looking_every(LOOK_EVERY, subscription, log, wake)
    }

    /// As [`Self::new`], with another interval than [`LOOK_EVERY`].
    pub fn looking_every(
        look_every: Duration,
        subscription: Subscription,
        log: Arc<dyn EventFeed>,
        wake: Wake,
    ) -> Self {
        let now = Instant::now();
        Self {
            subscription,
            log,
            wake,
            look_every,
            state: Mutex::new(State {
                arrivals: Arrivals::default(),
                connected: false,
                look_at: now,
                look_again_at: now,
                counted_to: 0,
            }),
            acknowledge: Notify::new(),
            wanted: watch::Sender::new(true),
            broker_count: AtomicU64::new(0),
            log_count: AtomicU64::new(0),
            malformed_count: AtomicU64::new(0),
        }
    }

    /// Whether it is to be subscribed: as long as its consumer is read by another instance, the messages are for that one.
    pub fn want(&self, wanted: bool) {
        self.wanted.send_replace(wanted);
    }

    /// Returns when that is so.
    pub(super) async fn until_wanted(&self, wanted: bool) {
        // The sender is here: it cannot fail.
        let mut changes = self.wanted.subscribe();
        let _now = changes.wait_for(|now| *now == wanted).await;
    }

    /// By which way events came.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries {
            broker: self.broker_count.load(Ordering::Relaxed),
            log: self.log_count.load(Ordering::Relaxed),
            malformed: self.malformed_count.load(Ordering::Relaxed),
        }
    }

    /// Whether it is subscribed now.
    pub fn is_connected(&self) -> bool {
        self.state().connected
    }

    /// Messages that were delivered and are not yet committed: never more than a channel's prefetch.
    pub fn unacknowledged(&self) -> usize {
        self.state().arrivals.unacknowledged()
    }

    pub(super) fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Messages arrive from now on. What was before is looked for in the log.
    pub(super) fn connected(&self) {
        let mut state = self.state();
        state.connected = true;
        state.look_at = Instant::now();
        drop(state);
        (self.wake)();
    }

    /// No messages arrive any more; those that were not acknowledged will be delivered again.
    pub(super) fn disconnected(&self) {
        let mut state = self.state();
        state.connected = false;
        state.arrivals.clear();
    }

    pub(super) fn arrived(&self, tag: u64, event: Linked) {
        let passed = self.state().arrivals.arrive(tag, event);
        if passed {
            self.acknowledge.notify_one();
        } else {
            (self.wake)();
        }
    }

    pub(super) fn refused(&self) {
        self.malformed_count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when there may be something to acknowledge.
    pub(super) async fn to_acknowledge(&self) {
        self.acknowledge.notified().await;
    }

    /// The tag up to which everything may be acknowledged.
    pub(super) fn take_acknowledgeable(&self) -> Option<u64> {
        self.state().arrivals.take_acknowledgeable()
    }

    /// What has arrived, or nothing; `None` when the log has to be asked.
    fn read_arrivals(&self, position: i64, limit: u32) -> Option<Vec<LoggedEvent>> {
        let now = Instant::now();
        let mut state = self.state();
        if state.arrivals.committed(position) {
            self.acknowledge.notify_one();
        }
        let run = state.arrivals.run_after(position, limit);
        if !run.is_empty() {
            state.look_at = now + self.look_every;
            count(&self.broker_count, &mut state, &run);
            return Some(run);
        }
        let gap = !state.arrivals.is_empty();
        let due = if gap { state.look_again_at } else { state.look_at };
        (state.connected && now < due).then(Vec::new)
    }

    fn read_log(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        // Without the lock: the log is in another process, and messages go on arriving.
        let read = self.log.read_after(position, limit);
        let now = Instant::now();
        let mut state = self.state();
        match read {
            Ok(events) if events.is_empty() => {
                state.look_at = now + self.look_every;
                state.look_again_at = now + LOOK_AGAIN;
                Ok(events)
            }
            Ok(events) => {
                count(&self.log_count, &mut state, &events);
                Ok(events)
            }
            // The broker goes on delivering: what arrives next must wake the reader rather than find it pausing.
            Err(error) if state.connected => {
                tracing::warn!(
                    consumer = self.subscription.consumer,
                    error = error.with_sources(),
                    "the log of {} cannot be read now; its events arrive over the broker",
                    self.subscription.context
                );
                state.look_at = now + self.look_every;
                state.look_again_at = now + LOOK_AGAIN;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// A panic elsewhere cannot leave it in a disorder that the chain does not show.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventFeed for AmqpFeed {
    fn read_after(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        match self.read_arrivals(position, limit) {
            Some(events) => Ok(events),
            None => self.read_log(position, limit),
        }
    }
}

fn count(counter: &AtomicU64, state: &mut State, events: &[LoggedEvent]) {
    let new = events.iter().filter(|logged| logged.seq > state.counted_to).count();
    counter.fetch_add(u64::try_from(new).unwrap_or(u64::MAX), Ordering::Relaxed);
    state.counted_to = events
        .last()
        .map_or(state.counted_to, |last| last.seq.max(state.counted_to));
}
