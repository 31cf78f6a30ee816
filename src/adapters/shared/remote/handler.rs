//! A context that runs in another process, to be called as if it ran in this one.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::handshake::{Handshake, Judgement};
use super::peer::{NoReply, Peer, Reply};
use super::protocol::{Refusal, contract_path, operation_path};
use super::service_token::Addressed;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation, TableOfContents};
use crate::ports::shared::retry::{self, Attempt, AttemptAt};
use crate::ports::shared::wire;

/// The context `C` (`dyn Orders`) at a peer. It handles whatever `C` handles: `Arc<Remote<dyn Orders>>` is an
/// `Arc<dyn Orders>`, and cannot be taken for an `Arc<dyn Catalog>`.
///
/// Who may ask is checked where the context runs, with the principal that the call carries; so is the deadline.
pub struct Remote<C: ?Sized> {
    peer: Arc<Peer>,
    ids: Arc<dyn IdSource>,
    handshake: Handshake,
    context: PhantomData<fn(&C)>,
}

impl<C: TableOfContents + ?Sized> Remote<C> {
    /// The context at `peer`. `ids` make the pauses between attempts uneven.
    pub fn at(peer: Arc<Peer>, ids: Arc<dyn IdSource>) -> Self {
        Self {
            peer,
            ids,
            handshake: Handshake::new::<C>(),
            context: PhantomData,
        }
    }
}

impl<Op: Operation, C: Handler<Op> + TableOfContents + ?Sized> Handler<Op> for Remote<C> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        retry::call::<Op>(cx, &*self.ids, || {
            self.attempt(cx, &op).unwrap_or_else(|not_sent| not_sent)
        })
    }
}

impl<C: TableOfContents + ?Sized> Remote<C> {
    /// One attempt: `Err` where it ended before the call was sent.
    fn attempt<Op: Operation>(&self, cx: &CallContext, op: &Op) -> Result<AttemptAt<Op>, AttemptAt<Op>> {
        self.agree::<Op>(cx)?;
        let target = operation_path(Op::NAME);
        let body = wire::write_call(cx, op)
            .map_err(|error| Attempt::TurnedAway(Failure::internal(format!("{} cannot be sent: {error}", Op::NAME))))?;
        let reply = self
            .peer
            .post(addressed::<C>(&target), &body, cx.deadline.remaining())
            .map_err(|no_reply| self.unanswered::<Op>(&no_reply))?;
        self.handshake.heard(&reply);
        Ok(self.understood::<Op>(&reply))
    }

    /// Makes sure that the peer understands the operation as we do.
    fn agree<Op: Operation>(&self, cx: &CallContext) -> Result<(), AttemptAt<Op>> {
        let judgement = match self.handshake.current_for(Op::NAME) {
            Some(judgement) => judgement,
            None => self.judged::<Op>(cx.deadline.remaining())?,
        };
        if judgement.allows(Op::NAME) {
            Ok(())
        } else {
            Err(Attempt::TurnedAway(Failure::ContractMismatch))
        }
    }

    /// Asks the peer for its contract and compares.
    fn judged<Op: Operation>(&self, time_left: Duration) -> Result<Arc<Judgement>, AttemptAt<Op>> {
        let target = contract_path(C::CONTEXT);
        let reply = self.peer.get(addressed::<C>(&target), time_left).map_err(|no_reply| {
            match self.unanswered::<Op>(&no_reply) {
                // The question was lost, not the operation.
                Attempt::Lost(_) => Attempt::NotReached,
                other => other,
            }
        })?;
        if reply.status != 200 {
            return Err(self.refused::<Op>(&reply));
        }
        let judgement = self.handshake.judge(&self.peer, &reply);
        judgement.map_err(|error| self.unreadable::<Op>("the contract", &error))
    }

    fn unanswered<Op: Operation>(&self, no_reply: &NoReply) -> AttemptAt<Op> {
        tracing::warn!(peer = %self.peer.url(), operation = Op::NAME, reason = %no_reply, "no answer");
        match no_reply {
            NoReply::LeftAlone => Attempt::TurnedAway(Failure::Unavailable),
            // As if it had waited too long for a worker: nothing has been done.
            NoReply::NoTime => Attempt::TurnedAway(Failure::Overloaded),
            NoReply::NotSigned(error) => Attempt::TurnedAway(Failure::internal(error.to_string())),
            NoReply::NotReached(_) => Attempt::NotReached,
            NoReply::Lost(lost, _) => Attempt::Lost(*lost),
        }
    }

    fn unreadable<Op: Operation>(&self, what: &str, error: &dyn std::error::Error) -> AttemptAt<Op> {
        tracing::error!(peer = %self.peer.url(), operation = Op::NAME, what, %error, "cannot be read");
        Attempt::TurnedAway(Failure::ContractMismatch)
    }

    fn understood<Op: Operation>(&self, reply: &Reply) -> AttemptAt<Op> {
        if reply.status != 200 {
            return self.refused::<Op>(reply);
        }
        match wire::read_answer::<Op>(&reply.body) {
            Ok(answer) => Attempt::Answered(answer),
            Err(error) => self.unreadable::<Op>("the answer", &error),
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
            Refusal::Unavailable => Failure::Unavailable,
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

fn addressed<C: TableOfContents + ?Sized>(target: &str) -> Addressed<'_> {
    Addressed {
        context: C::CONTEXT,
        target,
    }
}
