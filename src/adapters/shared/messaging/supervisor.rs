//! Keeps a connection to the broker: a thread that connects, holds on, and connects again.
//!
//! The client library can recover connections by itself; this does not ask it to. A session that ends takes its runtime
//! with it, and with that every task, socket and thread of the library, also those of an attempt that hangs half-way
//! through the handshake; the next begins from nothing. What a session needs is declared at its begin, every time.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lapin::types::ShortStringError;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use tokio::sync::watch;

use super::broker_url::BrokerUrl;
use crate::ports::shared::panics::message_of;

/// How long an attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a new session may take to make or find what it needs at the broker. A node that has just been started again
/// can go on answering heartbeats and never answer this; a new attempt does better.
const PREPARE_WITHIN: Duration = Duration::from_secs(5);
/// How long a polite end of a connection may take, and of what was being done with it.
pub(super) const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// How long what a session leaves behind (a name being resolved) is waited for.
const LEAVE_WITHIN: Duration = Duration::from_millis(100);
/// Upper bound of the pause before the first new attempt; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The largest upper bound: with [`CONNECT_WITHIN`] it decides how soon a broker that is back is found.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A connection that held so long was a good one: the next attempt comes soon.
const STEADY_AFTER: Duration = Duration::from_secs(5);
/// Of so many failures in a row one is told to the log, beside the first.
const TOLD_EVERY: u32 = 20;
/// How often [`Supervisor::stop`] looks whether the thread has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("{0}")]
    Amqp(#[from] lapin::Error),
    #[error("a name is longer than AMQP allows: {0}")]
    Name(#[from] ShortStringError),
    #[error("no connection within {} s", CONNECT_WITHIN.as_secs())]
    ConnectTimeout,
    #[error("the broker did not answer within {} s", PREPARE_WITHIN.as_secs())]
    Unprepared,
    #[error("the connection is lost")]
    Lost,
    #[error("the broker did not confirm in time")]
    Unconfirmed,
    #[error("the broker ended the subscription to {0}")]
    Unsubscribed(String),
    #[error("the system gives no runtime: {0}")]
    Runtime(#[from] io::Error),
    #[error("a panic: {0}")]
    Panicked(String),
}

/// What is done with a connection.
pub(super) trait Session: Send + 'static {
    /// The name of the thread and of the connection.
    fn name(&self) -> &'static str;

    /// Works on `connection` until it breaks or `stop` is told. MUST leave nothing to the next session but what the
    /// broker keeps.
    async fn run(&mut self, connection: &Connection, stop: &mut Stop) -> Result<(), Broken>;

    /// Learns that there is no connection any more, or that an attempt failed.
    fn closed(&mut self);
}

/// Tells a session to end.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Returns when it is told. May be asked again.
    pub(super) async fn told(&mut self) {
        // An error means that whoever could tell is gone: also an end.
        let _gone = self.0.wait_for(|stop| *stop).await;
    }

    fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// Bounds what a session asks of the broker before it begins.
pub(super) async fn in_time<T>(preparing: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
    let prepared = tokio::time::timeout(PREPARE_WITHIN, preparing).await;
    prepared.unwrap_or(Err(Broken::Unprepared))
}

/// The thread that keeps a connection.
pub(super) struct Supervisor {
    stop: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Supervisor {
    /// Starts the thread. A broker that is away is no error: it is looked for until it is there.
    pub(super) fn start(url: &BrokerUrl, session: impl Session) -> io::Result<Self> {
        let (stop, told) = watch::channel(false);
        let uri = url.uri().clone();
        let thread = std::thread::Builder::new()
            .name(session.name().to_owned())
            .spawn(move || supervise(&uri, session, Stop(told)))?;
        Ok(Self {
            stop,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the session and the thread. Whether it has ended within the time; it can be asked for more than once.
    pub(super) fn stop(&self, within: Duration) -> bool {
        self.stop.send_replace(true);
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = thread.as_ref() else { return true };
        running.thread().unpark();
        let until = Instant::now() + within;
        while !running.is_finished() {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        thread.take().is_none_or(|ended| ended.join().is_ok())
    }
}

/// Whoever forgets to stop it still gets rid of it, a moment later.
impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

fn supervise(uri: &AMQPUri, mut session: impl Session, mut stop: Stop) {
    let mut failures: u32 = 0;
    while !stop.is_told() {
        let mut connected = None;
        let held = catch_unwind(AssertUnwindSafe(|| hold(uri, &mut session, &mut stop, &mut connected)));
        session.closed();
        let reason = match held {
            Ok(Ok(())) => continue,
            Ok(Err(broken)) => broken,
            Err(panic) => Broken::Panicked(message_of(panic.as_ref()).to_owned()),
        };
        if connected.is_some_and(|since: Instant| since.elapsed() >= STEADY_AFTER) {
            failures = 0;
        }
        failures = failures.saturating_add(1);
        let line = session.name();
        if failures == 1 || failures.is_multiple_of(TOLD_EVERY) {
            tracing::warn!(line, %reason, failures, "no connection to the broker; it is looked for again and again");
        } else {
            tracing::debug!(line, %reason, failures, "no connection to the broker");
        }
        pause(full_jitter(failures, random()), &stop);
    }
}

/// Connects, runs the session, and leaves nothing behind.
fn hold(
    uri: &AMQPUri,
    session: &mut impl Session,
    stop: &mut Stop,
    connected: &mut Option<Instant>,
) -> Result<(), Broken> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()?;
    let ended = runtime.block_on(async {
        let properties = ConnectionProperties::default().with_connection_name(session.name().into());
        let connection = tokio::select! {
            () = stop.told() => return Ok(()),
            attempt = tokio::time::timeout(CONNECT_WITHIN, Connection::connect_uri(uri.clone(), properties)) => {
                attempt.map_err(|_elapsed| Broken::ConnectTimeout)??
            }
        };
        *connected = Some(Instant::now());
        tracing::info!(line = session.name(), "connected to the broker");
        let ended = session.run(&connection, stop).await;
        // A connection that is broken cannot be closed politely, and need not be.
        let _closed = tokio::time::timeout(CLOSE_WITHIN, connection.close(200, "OK".into())).await;
        ended
    });
    runtime.shutdown_timeout(LEAVE_WITHIN);
    ended
}

/// A random pause up to a bound that doubles with every failure: many processes that lost the same broker do not come
/// back in step ("full jitter").
fn full_jitter(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let bound = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % bound_ms.saturating_add(1))
}

/// The standard library seeds its hashers from the system's randomness: good enough to keep processes out of step.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn pause(duration: Duration, stop: &Stop) {
    let until = Instant::now() + duration;
    while !stop.is_told() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_spread() {
        assert_eq!(full_jitter(1, 0), Duration::ZERO);
        assert_eq!(full_jitter(1, 100), FIRST_PAUSE);
        assert_eq!(full_jitter(2, 200), FIRST_PAUSE * 2);
        assert_eq!(full_jitter(u32::MAX, 3_000), LONGEST_PAUSE);
        assert_eq!(full_jitter(u32::MAX, 3_001), Duration::ZERO);
        let spread: std::collections::BTreeSet<_> = (0..50).map(|_| full_jitter(9, random())).collect();
        assert!(spread.len() > 25, "{spread:?}");
    }
}
