//! What the workers do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::rooms::{Forget, Listener, Sweep};
use super::settings::Timers;
use super::wiring::Shop;
use super::workers::{Job, Next};
use crate::adapters::shared::access_tokens::public_keys::{KeyBoard, PublicKeys};
use crate::adapters::shared::remote::peer::Peer;
use crate::app::shared::event_reader::{EventReader, Progress};
use crate::ports::shared::clock::Clock;
use crate::ports::shared::idempotency::KEPT_FOR_MS;

/// How often the public keys are asked for until they are here.
const KEYS_SOON: Duration = Duration::from_millis(250);
/// How often they are asked for again: a new key is seen by then, well before it signs.
const KEYS_EVERY: Duration = Duration::from_mins(1);
/// How often what is old enough to be forgotten is looked for.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// How much is forgotten in one transaction.
const FORGET_BATCH: u32 = 500;

/// All jobs of this process but those of the broker.
pub fn all(shop: &Shop, timers: &Timers) -> Vec<Job> {
    let mut jobs: Vec<Job> = shop
        .listeners()
        .map(|listener| listen(listener, &shop.clock, timers.event_poll))
        .collect();
    let sweeps = shop.rooms.iter().flat_map(|room| &room.sweeps);
    jobs.extend(sweeps.map(|sweep| look_after(sweep, timers.sweep)));
    jobs.push(forget(shop));
    let identity = shop.peers.of_context("identity");
    jobs.extend(identity.map(|identity| fetch_keys(identity, &shop.keys)));
    jobs
}

/// Reads a log. The log's bell rings for what this process commits; the poll finds what others do.
fn listen(listener: &Listener, clock: &Arc<dyn Clock>, poll: Duration) -> Job {
    let reader = EventReader::new(
        Arc::clone(&listener.log.feed),
        Arc::clone(&listener.positions),
        Arc::clone(&listener.consumer),
        Arc::clone(clock),
    );
    Job {
        name: reader.name(),
        bell: Arc::clone(&listener.log.bell),
        pause: poll,
        turn: Box::new(move || match reader.read_batch() {
            Progress::Overtaken | Progress::Idle => Next::WhenRung,
            Progress::Read(_) => Next::AtOnce,
            Progress::Blocked => Next::Later,
        }),
    }
}

/// Fetches the public keys of access tokens from identity's process, soon at first and seldom once they are here: those
/// that are here stay good when identity is away.
fn fetch_keys(identity: &Arc<Peer>, board: &Arc<KeyBoard>) -> Job {
    let (identity, board) = (Arc::clone(identity), Arc::clone(board));
    let mut fetched: Option<Instant> = None;
    Job {
        name: "identity.keys",
        bell: Arc::new(Bell::default()),
        pause: KEYS_SOON,
        turn: Box::new(move || {
            if fetched.is_none_or(|fetched| fetched.elapsed() >= KEYS_EVERY) {
                match read_keys(&identity) {
                    Ok(keys) => {
                        board.post(keys);
                        fetched = Some(Instant::now());
                    }
                    Err(reason) => tracing::warn!(reason, "the keys of access tokens cannot be fetched now"),
                }
            }
            Next::Later
        }),
    }
}

fn read_keys(identity: &Peer) -> Result<PublicKeys, String> {
    let text = identity.public_keys().map_err(|error| error.to_string())?;
    PublicKeys::from_json(&text).map_err(|error| error.to_string())
}

fn look_after(sweep: &Sweep, pause: Duration) -> Job {
    let turn = Arc::clone(&sweep.turn);
    Job {
        name: sweep.name,
        bell: Arc::new(Bell::default()),
        pause,
        turn: Box::new(move || turn()),
    }
}

/// Forgets idempotency keys past their time, and what else the contexts need not keep for ever.
fn forget(shop: &Shop) -> Job {
    let clock = Arc::clone(&shop.clock);
    let mut chores: Vec<Forget> = Vec::new();
    for room in &shop.rooms {
        let keys = Arc::clone(&room.storage.keys);
        chores.push(Arc::new(move |now, limit| {
            keys.forget_keys(now.plus_ms(-KEPT_FOR_MS), limit)
        }));
        chores.extend(room.forgets.iter().cloned());
    }
    Job {
        name: "forget",
        bell: Arc::new(Bell::default()),
        pause: FORGET_EVERY,
        turn: Box::new(move || forget_a_batch(&chores, &*clock)),
    }
}

fn forget_a_batch(chores: &[Forget], clock: &dyn Clock) -> Next {
    let mut more = false;
    for forget in chores {
        match forget(clock.now(), FORGET_BATCH) {
            Ok(forgotten) => more |= u32::try_from(forgotten).is_ok_and(|count| count >= FORGET_BATCH),
            Err(error) => tracing::warn!(error = error.with_sources(), "what is old cannot be forgotten now"),
        }
    }
    if more { Next::AtOnce } else { Next::Later }
}
