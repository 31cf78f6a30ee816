//! Where a peer's name leads, remembered for a moment.
//!
//! The HTTP client asks for the address at every call, even where it has a connection, and starts a thread to be able to
//! give up the asking. Calls between processes are many and go to few peers: a name server that is slow or away for a moment
//! should not be felt by each of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long an address is taken for right: a peer that moved is found by then.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);

/// The addresses of one peer.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses(Arc<Mutex<Option<Found>>>);

#[derive(Debug)]
struct Found {
    at: Instant,
    addresses: ResolvedSocketAddrs,
}

impl Addresses {
    /// The next call asks again: the peer was not there.
    pub(super) fn forget(&self) {
        *self.found() = None;
    }

    /// A panic elsewhere cannot leave it in disorder: it is assigned at once.
    fn found(&self) -> MutexGuard<'_, Option<Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if let Some(found) = self.found().as_ref()
            && found.at.elapsed() < REMEMBERED_FOR
        {
            return Ok(found.addresses.clone());
        }
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        *self.found() = Some(Found {
            at: Instant::now(),
            addresses: addresses.clone(),
        });
        Ok(addresses)
    }
}
