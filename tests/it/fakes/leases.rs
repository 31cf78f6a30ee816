//! Leases in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::shared::lease::{Lease, LeaseStore};
use banyan::ports::shared::storage::StorageError;

/// Leases in memory, which counts how often it is written to.
#[derive(Default)]
pub struct FakeLeaseStore {
    leases: Mutex<BTreeMap<String, Lease>>,
    away: AtomicBool,
    asked: AtomicUsize,
}

impl FakeLeaseStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on it does not answer, or does again.
    pub fn be_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// How often it was asked for a lease.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The lease as it stands.
    pub fn lease(&self, name: &str) -> Option<Lease> {
        self.leases.lock().unwrap().get(name).cloned()
    }

    fn answer(&self) -> Result<(), StorageError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(StorageError::Unavailable("it is away".into()));
        }
        Ok(())
    }
}

impl LeaseStore for FakeLeaseStore {
    fn take_lease(&self, name: &str, wish: &Lease, now: Timestamp) -> Result<bool, StorageError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answer()?;
        let mut leases = self.leases.lock().unwrap();
        let free = leases.get(name).is_none_or(|lease| lease.gives_way_to(wish, now));
        if free {
            leases.insert(name.to_owned(), wish.clone());
        }
        Ok(free)
    }

    fn release_lease(&self, name: &str, owner: &str) -> Result<(), StorageError> {
        self.answer()?;
        let mut leases = self.leases.lock().unwrap();
        if leases.get(name).is_some_and(|lease| lease.owner == owner) {
            leases.remove(name);
        }
        Ok(())
    }
}
