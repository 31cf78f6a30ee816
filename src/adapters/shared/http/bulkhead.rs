//! Bulkheads: a context that is swamped does not take the others down with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

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
    permits: Semaphore,
    waiting: AtomicUsize,
    size: BulkheadSize,
}

impl Bulkhead {
    /// A bulkhead of this size.
    pub fn new(size: BulkheadSize) -> Self {
        Self {
            permits: Semaphore::new(size.workers),
            waiting: AtomicUsize::new(0),
            size,
        }
    }

    /// A place to run in; `None` when the queue is full or the wait too long.
    pub async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Some(permit);
        }
        let _place = QueuePlace::take(&self.waiting, self.size.queue)?;
        tokio::time::timeout(self.size.wait, self.permits.acquire())
            .await
            .ok()?
            .ok()
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
