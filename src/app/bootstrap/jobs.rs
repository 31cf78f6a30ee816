//! What the workers do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::instance::Instance;
use super::rooms::{Forget, Listener, Room, Sweep};
use super::settings::Timers;
use super::wiring::Shop;
use super::workers::{Job, Next};
use crate::adapters::shared::access_tokens::public_keys::{KeyBoard, PublicKeys};
use crate::adapters::shared::remote::peer::Peer;
use crate::app::shared::event_reader::{EventReader, Progress};
use crate::app::shared::tenure::{Moved, Tenure};
use crate::ports::shared::clock::Clock;
use crate::ports::shared::idempotency::KEPT_FOR_MS;

/// How often the public keys are asked for until they are here.
const KEYS_SOON: Duration = Duration::from_millis(250);
/// How often they are asked for again: a new key is seen by then, well before it signs.
const KEYS_EVERY: Duration = Duration::from_mins(1);
/// The name of the worker that forgets.
const FORGET: &str = "forget";
/// How often what is old enough to be forgotten is looked for.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// How much is forgotten in one transaction.
const FORGET_BATCH: u32 = 500;

/// All jobs of this process but those of the broker. What works on a context's data is done by one instance at a time.
pub fn all(shop: &Shop, timers: &Timers, instance: &Instance) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for room in &shop.rooms {
        let home = &room.storage;
        jobs.extend(room.listeners.iter().map(|listener| {
            let job = listen(listener, &shop.clock, timers.event_poll);
            instance.alone_telling(home, job, follow(listener))
        }));
        let sweeps = room.sweeps.iter();
        jobs.extend(sweeps.map(|sweep| instance.alone(home, look_after(sweep, timers.sweep))));
    }
    jobs.push(forget(shop, instance));
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

/// The broker gives a consumer's events to one instance: to the one that reads them.
fn follow(listener: &Listener) -> Moved {
    let over_broker = listener.log.over_broker.clone();
    Box::new(move |here| {
        if let Some(feed) = &over_broker {
            feed.want(here);
        }
    })
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
        bell: Arc::clone(&sweep.bell),
        pause,
        turn: Box::new(move || turn()),
    }
}

/// Forgets idempotency keys past their time, and what else the contexts need not keep for ever.
fn forget(shop: &Shop, instance: &Instance) -> Job {
    let clock = Arc::clone(&shop.clock);
    let rooms = shop.rooms.iter();
    let mut rooms: Vec<(Option<Tenure>, Vec<Forget>)> = rooms
        .map(|room| (instance.tenure(&room.storage, FORGET), forgets(room)))
        .collect();
    Job {
        name: FORGET,
        bell: Arc::new(Bell::default()),
        pause: FORGET_EVERY,
        turn: Box::new(move || {
            let mut more = false;
            for (tenure, chores) in &mut rooms {
                more |= match tenure {
                    None => forget_a_batch(chores, &*clock),
                    Some(tenure) => tenure.turn(|| forget_a_batch(chores, &*clock)).unwrap_or(false),
                };
            }
            if more { Next::AtOnce } else { Next::Later }
        }),
    }
}

/// What is forgotten in a context's database.
fn forgets(room: &Room) -> Vec<Forget> {
    let keys = Arc::clone(&room.storage.keys);
    let forget_keys: Forget = Arc::new(move |now, limit| keys.forget_keys(now.plus_ms(-KEPT_FOR_MS), limit));
    [forget_keys].into_iter().chain(room.forgets.iter().cloned()).collect()
}

/// Whether there may be more.
fn forget_a_batch(chores: &[Forget], clock: &dyn Clock) -> bool {
    let mut more = false;
    for forget in chores {
        match forget(clock.now(), FORGET_BATCH) {
            Ok(forgotten) => more |= u32::try_from(forgotten).is_ok_and(|count| count >= FORGET_BATCH),
            Err(error) => tracing::warn!(error = error.with_sources(), "what is old cannot be forgotten now"),
        }
    }
    more
}
