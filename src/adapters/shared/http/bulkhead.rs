//! Bulkheads: a context that is swamped does not take the others down with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ports::shared::operation::Kind;

/// How much of a context may be going on at once, and how much may wait.
#[derive(Debug, Clone, Copy)]
pub struct BulkheadSize {
    /// Operations that run at once, each on a thread of its own.
    pub workers: usize,
    /// Operations that wait for a worker.
    pub queue: usize,
    /// How long one waits before it is turned away.
    pub wait: Duration,
}

/// Admits a bounded number of operations.
pub struct Bulkhead {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    size: BulkheadSize,
}

impl Bulkhead {
    /// A bulkhead of this size.
    pub fn new(size: BulkheadSize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(size.workers)),
            waiting: AtomicUsize::new(0),
            size,
        }
    }

    /// A place to run in, held until it is dropped; `None` when the queue is full or the wait too long.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        let _place = QueuePlace::take(&self.waiting, self.size.queue)?;
        tokio::time::timeout(self.size.wait, Arc::clone(&self.permits).acquire_owned())
            .await
            .ok()?
            .ok()
    }
}

/// The bulkheads of a context. Queries and commands have one each, so that browsing cannot take the room of buying.
#[derive(Clone)]
pub struct Bulkheads {
    queries: Arc<Bulkhead>,
    commands: Arc<Bulkhead>,
}

/// Why work did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// There was no room, so it was not begun.
    #[error("there was no room")]
    NoRoom,
    /// It panicked.
    #[error("the use case did not come to an end: {0}")]
    BrokeOff(String),
}

impl Bulkheads {
    /// Bulkheads of these sizes.
    pub fn new(queries: BulkheadSize, commands: BulkheadSize) -> Self {
        Self {
            queries: Arc::new(Bulkhead::new(queries)),
            commands: Arc::new(Bulkhead::new(commands)),
        }
    }

    /// Does the work of an operation on a worker thread. It is done to its end even when nobody waits for it any more.
    ///
    /// # Errors
    /// [`NotRun`].
    pub async fn run<T: Send + 'static>(
        &self,
        kind: Kind,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        let bulkhead = match kind {
            Kind::Query => &self.queries,
            Kind::Command => &self.commands,
        };
        let place = bulkhead.enter().await.ok_or(NotRun::NoRoom)?;
        // The place goes with the work: a client that goes away does not make room for another one yet.
        let work = move || {
            let _place = place;
            work()
        };
        web::block(work)
            .await
            .map_err(|error| NotRun::BrokeOff(error.to_string()))
    }
}

/// A place in the queue, given back when dropped: also when the client goes away while it waits.
struct QueuePlace<'a>(&'a AtomicUsize);

impl<'a> QueuePlace<'a> {
    fn take(waiting: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let place = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        (before < limit).then_some(place)
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn what_finds_no_room_in_time_is_turned_away() {
        let size = BulkheadSize {
            workers: 1,
            queue: 1,
            wait: Duration::from_millis(20),
        };
        let bulkhead = Bulkhead::new(size);
        let inside = bulkhead.enter().await.unwrap();
        assert!(bulkhead.enter().await.is_none(), "the wait is too long");
        drop(inside);
        assert!(bulkhead.enter().await.is_some(), "there is room again");
    }

    #[actix_web::test]
    async fn a_full_queue_turns_away_at_once() {
        let size = BulkheadSize {
            workers: 1,
            queue: 1,
            wait: Duration::from_mins(1),
        };
        let bulkhead = Arc::new(Bulkhead::new(size));
        let inside = bulkhead.enter().await.unwrap();
        let waiting = actix_web::rt::spawn({
            let bulkhead = Arc::clone(&bulkhead);
            async move { bulkhead.enter().await.is_some() }
        });
        actix_web::rt::task::yield_now().await;
        assert!(bulkhead.enter().await.is_none(), "the one place in the queue is taken");
        drop(inside);
        assert!(waiting.await.unwrap(), "who waited gets in");
    }
}
