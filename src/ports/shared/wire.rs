//! An operation and its answer on their way between two processes: JSON, the same whoever carries it.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use super::access::Principal;
use super::call_context::{CallContext, Deadline, EffectMode};
use super::failure::Failure;
use super::idempotency::IdempotencyKey;
use super::operation::Operation;
use crate::domains::shared::correlation::CorrelationId;

/// The longest that a call from elsewhere may take: several times what anybody waits. A greater number on the wire is
/// nobody's patience.
pub const LONGEST_CALL: Duration = Duration::from_mins(10);

/// [`CallContext`] on its way. The deadline travels as the time that is left, because two processes share no clock.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct SentContext {
    principal: Principal,
    correlation_id: CorrelationId,
    trace_parent: Option<String>,
    deadline_ms: u64,
    idempotency_key: Option<IdempotencyKey>,
    effect_mode: EffectMode,
}

impl SentContext {
    fn of(cx: &CallContext) -> Self {
        Self {
            principal: cx.principal.clone(),
            correlation_id: cx.correlation_id.clone(),
            trace_parent: cx.trace_parent.clone(),
            deadline_ms: u64::try_from(cx.deadline.remaining().as_millis()).unwrap_or(u64::MAX),
            idempotency_key: cx.idempotency_key.clone(),
            effect_mode: cx.effect_mode,
        }
    }

    fn into_context(self) -> CallContext {
        let time_left = Duration::from_millis(self.deadline_ms).min(LONGEST_CALL);
        let mut cx = CallContext::new(self.principal, self.correlation_id, Deadline::after(time_left));
        cx.trace_parent = self.trace_parent;
        cx.idempotency_key = self.idempotency_key;
        cx.effect_mode = self.effect_mode;
        cx
    }
}

/// The form of what accompanies every call, for the contract between two processes.
pub(super) fn context_schema(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<SentContext>()
}

#[derive(Serialize)]
struct SentCall<'c, Op> {
    cx: SentContext,
    op: &'c Op,
}

#[derive(Deserialize)]
struct ReceivedCall<Op> {
    cx: SentContext,
    op: Op,
}

/// A call as it is sent.
///
/// # Errors
/// When the operation cannot be written as JSON; none is known that cannot.
pub fn write_call<Op: Operation>(cx: &CallContext, op: &Op) -> Result<Vec<u8>, serde_json::Error> {
    let cx = SentContext::of(cx);
    serde_json::to_vec(&SentCall { cx, op })
}

/// The call that was sent, with at most [`LONGEST_CALL`] left.
///
/// # Errors
/// When it is not a call of `Op`.
pub fn read_call<Op: Operation>(text: &[u8]) -> Result<(CallContext, Op), serde_json::Error> {
    let ReceivedCall { cx, op } = serde_json::from_slice(text)?;
    Ok((cx.into_context(), op))
}

/// What an operation answered, whatever it was, and whether it was the answer of an earlier request under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<R, E> {
    /// What [`super::operation::Handler::handle`] returned.
    pub result: Result<R, Failure<E>>,
    /// [`CallContext::was_replayed`].
    pub replayed: bool,
}

/// The answer of `Op`.
pub type AnswerOf<Op> = Answer<<Op as Operation>::Reply, <Op as Operation>::Error>;

/// What was received is no answer of the operation.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableAnswer {
    /// It cannot be read.
    #[error("it is not of the operation's form")]
    Form(#[from] serde_json::Error),
    /// It holds neither a reply nor a failure, or both.
    #[error("it must hold either a reply or a failure")]
    NeitherOrBoth,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SentAnswer<'a, R, E> {
    Reply { reply: &'a R, replayed: bool },
    Failure { failure: &'a Failure<E>, replayed: bool },
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>, E: Deserialize<'de>"))]
struct ReceivedAnswer<R, E> {
    /// `null` is a reply, too.
    #[serde(default, deserialize_with = "present")]
    reply: Option<R>,
    #[serde(default)]
    failure: Option<Failure<E>>,
    #[serde(default)]
    replayed: bool,
}

fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An answer as it is sent.
///
/// # Errors
/// When it cannot be written as JSON; none is known that cannot.
pub fn write_answer<Op: Operation>(answer: &AnswerOf<Op>) -> Result<Vec<u8>, serde_json::Error> {
    let replayed = answer.replayed;
    serde_json::to_vec(&match &answer.result {
        Ok(reply) => SentAnswer::Reply { reply, replayed },
        Err(failure) => SentAnswer::Failure { failure, replayed },
    })
}

/// The answer that was sent.
///
/// # Errors
/// [`UnreadableAnswer`].
pub fn read_answer<Op: Operation>(text: &[u8]) -> Result<AnswerOf<Op>, UnreadableAnswer> {
    let received: ReceivedAnswer<Op::Reply, Op::Error> = serde_json::from_slice(text)?;
    let result = match (received.reply, received.failure) {
        (Some(reply), None) => Ok(reply),
        (None, Some(failure)) => Err(failure),
        _ => return Err(UnreadableAnswer::NeitherOrBoth),
    };
    Ok(Answer {
        result,
        replayed: received.replayed,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domains::shared::ids::{OrderId, UserId};
    use crate::domains::shared::role::Role;
    use crate::ports::shared::failure::Never;
    use crate::ports::shared::specimens::{Act, ActError, Ask, Forget};

    fn context(principal: Principal, key: Option<&str>) -> CallContext {
        let correlation_id = "cor-1".parse().unwrap();
        let mut cx = CallContext::new(principal, correlation_id, Deadline::after(Duration::from_secs(30)));
        cx.trace_parent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
        cx.idempotency_key = key.map(|key| key.parse().unwrap());
        cx
    }

    fn order_id() -> OrderId {
        OrderId::from(Uuid::from_u128(7))
    }

    #[test]
    fn a_call_arrives_as_it_was_sent() {
        let user = Principal::User {
            id: UserId::from(Uuid::from_u128(1)),
            role: Role::Staff,
        };
        let principals = [Principal::Anonymous, user, Principal::service("orders")];
        // The first key is quoted, and quotes of the draft are not part of it; the second is not, and its own quotes are.
        for (principal, key) in principals.into_iter().zip([Some("\"k-1\""), Some("\"\"k\"\""), None]) {
            let mut sent = context(principal, key);
            sent.effect_mode = EffectMode::DryRun;
            let op = Act {
                order_id: order_id(),
                reason: Some("no \"reason\"\n".to_owned()),
            };
            let text = write_call(&sent, &op).unwrap();
            let (received, received_op) = read_call::<Act>(&text).unwrap();
            assert_eq!(received.principal, sent.principal);
            assert_eq!(received.correlation_id, sent.correlation_id);
            assert_eq!(received.trace_parent, sent.trace_parent);
            assert_eq!(received.idempotency_key, sent.idempotency_key);
            assert_eq!(received.effect_mode, sent.effect_mode);
            assert!(!received.was_replayed());
            assert!(received.deadline.remaining() <= sent.deadline.remaining() + Duration::from_millis(1));
            assert!(received.deadline.remaining() > Duration::from_secs(25));
            assert_eq!(
                (received_op.order_id, received_op.reason),
                (op.order_id, op.reason.clone())
            );
        }
    }

    #[test]
    fn a_deadline_beyond_all_patience_is_cut_short() {
        let mut text: serde_json::Value = serde_json::from_slice(
            &write_call(&context(Principal::Anonymous, None), &Ask { order_id: order_id() }).unwrap(),
        )
        .unwrap();
        text["cx"]["deadline_ms"] = u64::MAX.into();
        let (cx, _op) = read_call::<Ask>(text.to_string().as_bytes()).unwrap();
        assert!(cx.deadline.remaining() <= LONGEST_CALL);
    }

    #[test]
    fn every_outcome_arrives_as_it_was_sent() {
        let failures: [Failure<ActError>; 11] = [
            Failure::Domain(ActError::Busy),
            Failure::Unauthenticated,
            Failure::Forbidden,
            Failure::IdempotencyKeyMissing,
            Failure::IdempotencyKeyInFlight,
            Failure::IdempotencyKeyReused,
            Failure::Unavailable,
            Failure::Timeout,
            Failure::Overloaded,
            Failure::ContractMismatch,
            Failure::internal("for the operator"),
        ];
        for failure in failures {
            let answer = Answer {
                result: Err(failure),
                replayed: true,
            };
            let text = write_answer::<Act>(&answer).unwrap();
            assert_eq!(read_answer::<Act>(&text).unwrap(), answer);
        }
        let nothing = Answer::<(), Never> {
            result: Ok(()),
            replayed: false,
        };
        let text = write_answer::<Forget>(&nothing).unwrap();
        assert_eq!(text, br#"{"reply":null,"replayed":false}"#);
        assert_eq!(read_answer::<Forget>(&text).unwrap(), nothing);
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        for text in ["{}", r#"{"reply":null,"failure":"Timeout"}"#, r#"{"replayed":true}"#] {
            let read = read_answer::<Forget>(text.as_bytes());
            assert!(matches!(read, Err(UnreadableAnswer::NeitherOrBoth)), "{text}");
        }
        for text in ["", "null", r#"{"reply":1}"#, r#"{"failure":"Never heard of"}"#] {
            let read = read_answer::<Forget>(text.as_bytes());
            assert!(matches!(read, Err(UnreadableAnswer::Form(_))), "{text}");
        }
        let wrong_key = r#"{"cx":{"principal":{"kind":"anonymous"},"correlation_id":"c","trace_parent":null,
            "deadline_ms":1,"idempotency_key":"a b","effect_mode":"live"},"op":{"refresh_token":"t"}}"#;
        assert!(read_call::<Forget>(wrong_key.as_bytes()).is_err());
        assert!(read_call::<Forget>(wrong_key.replace("a b", "a-b").as_bytes()).is_ok());
    }
}
