//! A context that runs in another process, to be called as if it ran in this one.

use std::marker::PhantomData;
use std::sync::Arc;

use super::peer::{NoReply, Peer, Reply};
use super::protocol::{Refusal, context_of, operation_path};
use super::service_token::Addressed;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};
use crate::ports::shared::retry::{self, Attempt, AttemptAt};
use crate::ports::shared::wire;

/// The context `C` (`dyn Orders`) at a peer. It handles whatever `C` handles: `Arc<Remote<dyn Orders>>` is an
/// `Arc<dyn Orders>`, and cannot be taken for an `Arc<dyn Catalog>`.
///
/// Who may ask is checked where the context runs, with the principal that the call carries; so is the deadline.
pub struct Remote<C: ?Sized> {
    peer: Arc<Peer>,
    ids: Arc<dyn IdSource>,
    context: PhantomData<fn(&C)>,
}

impl<C: ?Sized> Remote<C> {
    /// The context at `peer`. `ids` make the pauses between attempts uneven.
    pub fn at(peer: Arc<Peer>, ids: Arc<dyn IdSource>) -> Self {
        Self {
            peer,
            ids,
            context: PhantomData,
        }
    }
}

impl<Op: Operation, C: Handler<Op> + ?Sized> Handler<Op> for Remote<C> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        retry::call::<Op>(cx, &*self.ids, || self.attempt(cx, &op))
    }
}

impl<C: ?Sized> Remote<C> {
    fn attempt<Op: Operation>(&self, cx: &CallContext, op: &Op) -> AttemptAt<Op> {
        let target = operation_path(Op::NAME);
        let message = Addressed {
            context: context_of(Op::NAME),
            target: &target,
        };
        let body = match wire::write_call(cx, op) {
            Ok(body) => body,
            Err(error) => {
                return Attempt::TurnedAway(Failure::internal(format!("{} cannot be sent: {error}", Op::NAME)));
            }
        };
        match self.peer.post(message, &body, cx.deadline.remaining()) {
            Ok(reply) => self.understood::<Op>(&reply),
            Err(no_reply) => {
                tracing::warn!(peer = %self.peer.url(), operation = Op::NAME, reason = %no_reply, "no answer");
                match no_reply {
                    NoReply::LeftAlone => Attempt::TurnedAway(Failure::Unavailable),
                    // As if it had waited too long for a worker: nothing has been done.
                    NoReply::NoTime => Attempt::TurnedAway(Failure::Overloaded),
                    NoReply::NotSigned(error) => Attempt::TurnedAway(Failure::internal(error.to_string())),
                    NoReply::NotReached(_) => Attempt::NotReached,
                    NoReply::Lost(lost, _) => Attempt::Lost(lost),
                }
            }
        }
    }

    fn understood<Op: Operation>(&self, reply: &Reply) -> AttemptAt<Op> {
        if reply.status != 200 {
            return self.refused::<Op>(reply);
        }
        match wire::read_answer::<Op>(&reply.body) {
            Ok(answer) => Attempt::Answered(answer),
            Err(error) => {
                tracing::error!(peer = %self.peer.url(), operation = Op::NAME, %error, "the answer cannot be read");
                Attempt::TurnedAway(Failure::ContractMismatch)
            }
        }
    }

    /// Nothing has been done; the question is who should know. What a person must put right is logged as an error.
    fn refused<Op: Operation>(&self, reply: &Reply) -> AttemptAt<Op> {
        let Some(body) = reply.refusal() else {
            return match reply.status {
                429 | 503 => Attempt::TurnedAway(Failure::Overloaded),
                status => Attempt::TurnedAway(Failure::internal(format!(
                    "{} is no internal server of the shop: it answers {} with {status}",
                    self.peer.url(),
                    Op::NAME
                ))),
            };
        };
        let failure = match body.refusal {
            Refusal::Overloaded => Failure::Overloaded,
            Refusal::TooSlow => return Attempt::NotReached,
            // A context that has moved, or not yet come: it may be where we look for it in a moment.
            Refusal::ContextNotHere => {
                tracing::error!(peer = %self.peer.url(), operation = Op::NAME, reason = %body.refusal, "refused");
                Failure::Unavailable
            }
            Refusal::UnknownOperation | Refusal::Unreadable => {
                tracing::error!(peer = %self.peer.url(), operation = Op::NAME, reason = %body.refusal, detail = body.detail, "refused");
                Failure::ContractMismatch
            }
            Refusal::NotOneOfUs | Refusal::TooLarge | Refusal::UnknownAddress => {
                Failure::internal(format!("{} refuses {}: {}", self.peer.url(), Op::NAME, body.refusal))
            }
        };
        Attempt::TurnedAway(failure)
    }
}
