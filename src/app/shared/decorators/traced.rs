//! Says in the log what was asked and how it ended.

use std::sync::Arc;
use std::time::Instant;

use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Key, Operation};

/// Opens a span around the operation and logs its outcome: the one place where an internal failure is written down.
pub struct Traced<H: ?Sized>(pub Arc<H>);

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for Traced<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        let span = tracing::info_span!("operation", name = Op::NAME, correlation_id = %cx.correlation_id, key = tracing::field::Empty);
        if let Key::Aggregate(key) = op.key() {
            span.record("key", key);
        }
        let _entered = span.enter();
        let started = Instant::now();
        let result = self.0.handle(cx, op);
        let elapsed_us = started.elapsed().as_micros();
        match &result {
            Ok(_) => tracing::debug!(elapsed_us, "done"),
            Err(Failure::Internal(message)) => {
                tracing::error!(elapsed_us, error = message.for_operator(), "failed");
            }
            Err(Failure::Unavailable | Failure::Timeout | Failure::Overloaded | Failure::ContractMismatch) => {
                tracing::warn!(elapsed_us, outcome = outcome(&result), "not done");
            }
            Err(_) => tracing::debug!(elapsed_us, outcome = outcome(&result), "refused"),
        }
        result
    }
}

/// The kind of an outcome, without its contents: those may be personal.
fn outcome<R, E>(result: &Result<R, Failure<E>>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Failure::Domain(_)) => "domain",
        Err(Failure::Unauthenticated) => "unauthenticated",
        Err(Failure::Forbidden) => "forbidden",
        Err(Failure::IdempotencyKeyMissing) => "idempotency_key_missing",
        Err(Failure::IdempotencyKeyInFlight) => "idempotency_key_in_flight",
        Err(Failure::IdempotencyKeyReused) => "idempotency_key_reused",
        Err(Failure::Unavailable) => "unavailable",
        Err(Failure::Timeout) => "timeout",
        Err(Failure::Overloaded) => "overloaded",
        Err(Failure::ContractMismatch) => "contract_mismatch",
        Err(Failure::Internal(_)) => "internal",
    }
}
