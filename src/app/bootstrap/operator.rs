//! How the command line calls the contexts: as the shop itself, and with some patience.

use std::fmt::Debug;
use std::thread::sleep;
use std::time::Duration;

use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// How long one call may take: the operator waits longer than a storefront would.
const TIME_PER_CALL: Duration = Duration::from_secs(30);
/// How often a call is tried while the other side is away or busy.
const ATTEMPTS: u32 = 6;
/// Pause before the second attempt; each further one waits twice as long, so that all of them take 3 seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Calls contexts on behalf of whoever sits at the command line.
#[derive(Clone, Copy)]
pub(super) struct Operator<'a> {
    ids: &'a dyn IdSource,
}

impl<'a> Operator<'a> {
    /// Takes correlation ids from `ids`.
    pub(super) fn new(ids: &'a dyn IdSource) -> Self {
        Self { ids }
    }

    /// Asks, and asks again while the other side is away. For queries, and for commands that may be carried out twice.
    pub(super) fn ask<Op, H>(&self, handler: &H, op: &Op) -> Result<Op::Reply, Failure<Op::Error>>
    where
        Op: Operation + Clone,
        H: Handler<Op> + ?Sized,
    {
        self.ask_with(handler, op, |cx| cx)
    }

    /// As [`Self::ask`], in a context that `prepare` has completed: with an idempotency key, as a dry run.
    pub(super) fn ask_with<Op, H>(
        &self,
        handler: &H,
        op: &Op,
        prepare: impl Fn(CallContext) -> CallContext,
    ) -> Result<Op::Reply, Failure<Op::Error>>
    where
        Op: Operation + Clone,
        H: Handler<Op> + ?Sized,
    {
        let correlation_id = self.ids.next_uuid().into();
        let cx = CallContext::new(
            Principal::service("operator"),
            correlation_id,
            Deadline::after(TIME_PER_CALL),
        );
        let cx = prepare(cx);
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let cx = cx.with_deadline(Deadline::after(TIME_PER_CALL));
            match handler.handle(&cx, op.clone()) {
                Err(failure) if attempt < ATTEMPTS && may_pass(&failure) => {
                    sleep(pause);
                    pause *= 2;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Whether asking again may bring another answer. After a timeout the operation may have been carried out: see
/// [`Operator::ask`].
fn may_pass<E>(failure: &Failure<E>) -> bool {
    match failure {
        Failure::Unavailable | Failure::Timeout | Failure::Overloaded | Failure::IdempotencyKeyInFlight => true,
        Failure::Domain(_)
        | Failure::Unauthenticated
        | Failure::Forbidden
        | Failure::IdempotencyKeyMissing
        | Failure::IdempotencyKeyReused
        | Failure::ContractMismatch
        | Failure::Internal(_) => false,
    }
}

/// What went wrong, for the operator's eyes.
pub(super) fn explain<E: Debug>(failure: &Failure<E>) -> String {
    match failure {
        Failure::Domain(error) => format!("{error:?}"),
        Failure::Unauthenticated | Failure::Forbidden => "the shop refuses its operator".to_owned(),
        Failure::IdempotencyKeyMissing => "an idempotency key is missing".to_owned(),
        Failure::IdempotencyKeyInFlight => "the same request is being carried out right now".to_owned(),
        Failure::IdempotencyKeyReused => "the idempotency key stands for another request".to_owned(),
        Failure::Unavailable => "a database or a context is away".to_owned(),
        Failure::Timeout => "no answer in time".to_owned(),
        Failure::Overloaded => "too much to do already".to_owned(),
        Failure::ContractMismatch => "the other side speaks an incompatible version".to_owned(),
        Failure::Internal(message) => message.for_operator().to_owned(),
    }
}
