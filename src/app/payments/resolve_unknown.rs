//! Brings to an end what a crash or a timeout left open. For the worker.

use super::PaymentsService;
use super::settle_attempt::Settled;
use super::unsettled::Unsettled;
use crate::domains::payments::payment::Payment;
use crate::domains::shared::ids::PaymentId;
use crate::ports::payments::operations::ResolveUnknown;
use crate::ports::payments::outbound::Overdue;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::StorageError;

/// A customer's attempt or a refund that is older than this has lost the process that worked at it, or that process
/// waits for the provider without end. Either way asking the provider is safe: whoever is second finds it done.
const OVERDUE_AFTER_MS: i64 = 5_000;

/// The attempt of a checkout is asked for again by the checkout's own saga. Only one that has been left alone for this
/// long is settled here, so that nothing stays unknown for good. It is never captured or voided here once it is held:
/// whether the order comes about is not for payments to decide.
const CHECKOUT_OVERDUE_AFTER_MS: i64 = 120_000;

impl Handler<ResolveUnknown> for PaymentsService {
    /// Returns how many attempts and refunds came to an end. What the provider still does not answer stays open, and
    /// does not keep the others from being resolved.
    fn handle(&self, cx: &CallContext, op: ResolveUnknown) -> Result<u32, Failure<Never>> {
        let now = self.clock.now();
        let overdue = Overdue {
            of_request_before: now.plus_ms(-OVERDUE_AFTER_MS),
            of_checkout_before: now.plus_ms(-CHECKOUT_OVERDUE_AFTER_MS),
        };
        let mut resolved = 0;
        for payment_id in self.store.overdue_attempts(&overdue, op.limit)? {
            resolved += count(self.resolve_attempt(cx, payment_id), &payment_id)?;
        }
        for (payment_id, refund_id) in self.store.pending_refunds(overdue.of_request_before, op.limit)? {
            let outcome = self.carry_out_refund(cx, payment_id, refund_id);
            resolved += count(outcome.map(|_answered| ()), &refund_id)?;
        }
        Ok(resolved)
    }
}

impl PaymentsService {
    fn resolve_attempt(&self, cx: &CallContext, payment_id: PaymentId) -> Result<(), Unsettled> {
        let Some(mut payment) = self
            .store
            .find(payment_id)?
            .filter(|payment| payment.attempt().is_some())
        else {
            return Ok(());
        };
        let settled = self.settle(&mut payment)?;
        self.record_attempt(cx, payment, settled)
    }

    /// Records what came of an attempt, whoever made it.
    pub(super) fn record_attempt(&self, cx: &CallContext, payment: Payment, settled: Settled) -> Result<(), Unsettled> {
        // That it was refused is an end as well.
        if payment.waiting_request().is_some() {
            self.record_processing(cx, payment, settled).map(|_paid_or_refused| ())
        } else {
            self.record_authorization(cx, payment, settled)
                .map(|_held_or_refused| ())
        }
    }
}

/// One that came to an end counts; one that did not is written down, unless somebody else is at it.
fn count(outcome: Result<(), Unsettled>, id: &impl std::fmt::Display) -> Result<u32, Failure<Never>> {
    match outcome {
        Ok(()) => Ok(1),
        Err(Unsettled::Changed) => Ok(0),
        Err(Unsettled::ProviderAway) => {
            tracing::warn!(%id, "the provider does not tell what became of it");
            Ok(0)
        }
        Err(Unsettled::Contradiction(why)) => {
            tracing::error!(%id, why, "an operator must look");
            Ok(0)
        }
        // The database itself is away: the others would fare no better.
        Err(Unsettled::Storage(error @ (StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_)))) => {
            Err(error.into())
        }
        Err(Unsettled::Storage(error)) => {
            tracing::error!(%id, error = error.with_sources(), "it cannot be read or written down");
            Ok(0)
        }
    }
}
