//! What the workers do.

use std::sync::Arc;
use std::time::Duration;

use super::bell::Bell;
use super::settings::Timers;
use super::wiring::{Listener, Shop};
use super::workers::{Job, Next};
use crate::app::shared::event_reader::{EventReader, Progress};
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::inventory::operations::ExpireReservations;
use crate::ports::orders::operations::ResumeSagas;
use crate::ports::payments::operations::ResolveUnknown;
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::failure::Never;
use crate::ports::shared::idempotency::KEPT_FOR_MS;
use crate::ports::shared::operation::{Handler, Operation};
use crate::ports::shared::storage::StorageError;

/// Sagas, reservations, payments in one turn: few, so that a worker that is told to stop does so soon.
const SWEEP_BATCH: u32 = 20;
/// How long one turn has before nobody would begin with it any more.
const TURN_TIME: Duration = Duration::from_secs(30);
/// How often what is old enough to be forgotten is looked for.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// How much is forgotten in one transaction.
const FORGET_BATCH: u32 = 500;

/// All jobs of the shop.
pub fn all(shop: &Shop, timers: &Timers) -> Vec<Job> {
    let mut jobs: Vec<Job> = shop
        .listeners
        .iter()
        .map(|listener| listen(listener, &shop.clock, timers.event_poll))
        .collect();
    jobs.push(sweep(&shop.contexts.orders, &shop.ids, timers.sweep, || ResumeSagas {
        limit: SWEEP_BATCH,
    }));
    jobs.push(sweep(&shop.contexts.inventory, &shop.ids, timers.sweep, || {
        ExpireReservations { limit: SWEEP_BATCH }
    }));
    jobs.push(sweep(&shop.contexts.payments, &shop.ids, timers.sweep, || {
        ResolveUnknown { limit: SWEEP_BATCH }
    }));
    jobs.push(forget(shop));
    jobs
}

/// Reads a log. The log's bell rings for what this process commits; the poll finds what others do.
fn listen(listener: &Listener, clock: &Arc<dyn Clock>, poll: Duration) -> Job {
    let reader = EventReader::new(
        Arc::clone(&listener.feed),
        Arc::clone(&listener.positions),
        Arc::clone(&listener.consumer),
        Arc::clone(clock),
    );
    Job {
        name: reader.name(),
        bell: Arc::clone(&listener.bell),
        pause: poll,
        turn: Box::new(move || match reader.read_batch() {
            Progress::Overtaken | Progress::Idle => Next::WhenRung,
            Progress::Read(_) => Next::AtOnce,
            Progress::Blocked => Next::Later,
        }),
    }
}

/// Asks a context again and again to look after what was left lying, in batches of [`SWEEP_BATCH`].
fn sweep<C, Op>(context: &Arc<C>, ids: &Arc<dyn IdSource>, pause: Duration, op: fn() -> Op) -> Job
where
    C: Handler<Op> + ?Sized + 'static,
    Op: Operation<Reply = u32, Error = Never>,
{
    let context = Arc::clone(context);
    let ids = Arc::clone(ids);
    Job {
        name: Op::NAME,
        bell: Arc::new(Bell::default()),
        pause,
        turn: Box::new(move || {
            let cx = CallContext::new(Principal::service("worker"), ids.make(), Deadline::after(TURN_TIME));
            match context.handle(&cx, op()) {
                Ok(found) if found >= SWEEP_BATCH => Next::AtOnce,
                // The context has logged a failure.
                Ok(_) | Err(_) => Next::Later,
            }
        }),
    }
}

/// Forgets at most so many things from before a time; returns how many there were.
type Forget = Box<dyn Fn(Timestamp, u32) -> Result<usize, StorageError> + Send>;

/// Forgets idempotency keys past their time, and sessions that nobody can renew any more.
fn forget(shop: &Shop) -> Job {
    let clock = Arc::clone(&shop.clock);
    let mut chores: Vec<Forget> = Vec::new();
    for storage in shop.storages.all() {
        let keys = Arc::clone(&storage.keys);
        chores.push(Box::new(move |now, limit| {
            keys.forget_keys(now.plus_ms(-KEPT_FOR_MS), limit)
        }));
    }
    let sessions = Arc::clone(&shop.sessions);
    chores.push(Box::new(move |now, limit| sessions.forget_sessions(now, limit)));
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
