//! The payment: the whole money of one order, from the first attempt to the last refund.

use uuid::Uuid;

use super::attempt::{Attempt, RequestKey, attempt_of_key, key_of_attempt};
use super::decline_reason::DeclineReason;
use super::refund::{Refund, RefundReason, RefundStatus};
use super::refund_rules::{RefundAmountRefused, refund_within_captured};
use super::status::{IllegalTransition, PaymentStatus};
use crate::domains::shared::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;

/// What a payment is about. It never changes: another amount is another payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentTerms {
    /// The id of the payment.
    pub id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: UserId,
    /// How much: more than zero.
    pub amount: Money,
}

/// A payment of nothing, or of less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment of {0}, which is not more than zero")]
pub struct AmountNotPositive(pub Money);

/// Why an attempt cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttemptRefused {
    /// The payment is made already, or given up.
    #[error("the payment is {status}")]
    NotPending {
        /// Where it stands.
        status: PaymentStatus,
    },
    /// Rule: one attempt at a time.
    #[error("another attempt is under way")]
    UnderWay,
}

/// Why a refund cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefused {
    /// Nothing was taken that could go back, or all of it went back.
    #[error("a payment that is {status} cannot be refunded")]
    NotRefundable {
        /// Where it stands.
        status: PaymentStatus,
    },
    /// The amount breaks a rule.
    #[error(transparent)]
    Amount(RefundAmountRefused),
    /// Rule: a payment has at most [`Payment::REFUNDS_MAX`] refunds.
    #[error("a payment has at most {} refunds", Payment::REFUNDS_MAX)]
    TooMany,
}

/// A refund of another payment, or one whose outcome is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a pending refund of this payment")]
pub struct NotAPendingRefund(pub RefundId);

/// The whole money of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    terms: PaymentTerms,
    status: PaymentStatus,
    refunded: Money,
    provider: String,
    provider_key: String,
    attempts: i32,
    attempt: Option<Attempt>,
    decline_reason: Option<DeclineReason>,
    refunds: Vec<Refund>,
    stored_version: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// All that is stored of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPayment {
    /// What it is about.
    pub terms: PaymentTerms,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What went back.
    pub refunded: Money,
    /// The provider that carries it out.
    pub provider: String,
    /// The key of the last attempt at the provider.
    pub provider_key: String,
    /// Attempts begun so far.
    pub attempts: i32,
    /// The attempt that is under way.
    pub attempt: Option<Attempt>,
    /// Why it failed.
    pub decline_reason: Option<DeclineReason>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// Counts its changes.
    pub version: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// The most refunds of a payment: each is shown with it, so their number must have an end.
    pub const REFUNDS_MAX: usize = 250;

    /// A payment that its customer is to make later.
    ///
    /// # Errors
    /// [`AmountNotPositive`].
    pub fn requested(terms: PaymentTerms, provider: &str, now: Timestamp) -> Result<Self, AmountNotPositive> {
        if !terms.amount.is_positive() {
            return Err(AmountNotPositive(terms.amount));
        }
        Ok(Self {
            terms,
            status: PaymentStatus::Pending,
            refunded: Money::zero(terms.amount.currency()),
            provider: provider.to_owned(),
            provider_key: terms.id.to_string(),
            attempts: 0,
            attempt: None,
            decline_reason: None,
            refunds: Vec::new(),
            stored_version: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// A payment that the checkout of its order attempts right away.
    ///
    /// # Errors
    /// [`AmountNotPositive`].
    pub fn attempted(terms: PaymentTerms, provider: &str, now: Timestamp) -> Result<Self, AmountNotPositive> {
        let attempt = Attempt {
            started_at: now,
            request: None,
            abandoned: false,
        };
        Ok(Self {
            attempts: 1,
            attempt: Some(attempt),
            ..Self::requested(terms, provider, now)?
        })
    }

    /// A payment that was given up before it was ever begun: remembered, so that it never will be.
    ///
    /// # Errors
    /// [`AmountNotPositive`].
    pub fn given_up(terms: PaymentTerms, provider: &str, now: Timestamp) -> Result<Self, AmountNotPositive> {
        Ok(Self {
            status: PaymentStatus::Voided,
            ..Self::requested(terms, provider, now)?
        })
    }

    /// As it was stored, unchecked. Only for loading from storage.
    pub fn from_storage(stored: StoredPayment) -> Self {
        Self {
            terms: stored.terms,
            status: stored.status,
            refunded: stored.refunded,
            provider: stored.provider,
            provider_key: stored.provider_key,
            attempts: stored.attempts,
            attempt: stored.attempt,
            decline_reason: stored.decline_reason,
            refunds: stored.refunds,
            stored_version: stored.version,
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }

    /// Begins another attempt, on behalf of `request`. The provider knows each attempt by a key of its own
    /// ([`key_of_attempt`]). A refused attempt stays refused under its key.
    ///
    /// # Errors
    /// [`AttemptRefused`].
    pub fn begin_attempt(&mut self, request: Option<RequestKey>, now: Timestamp) -> Result<(), AttemptRefused> {
        if self.status != PaymentStatus::Pending {
            return Err(AttemptRefused::NotPending { status: self.status });
        }
        if self.attempt.is_some() {
            return Err(AttemptRefused::UnderWay);
        }
        self.attempts = self.attempts.saturating_add(1);
        self.provider_key = key_of_attempt(self.terms.id, self.attempts);
        self.attempt = Some(Attempt {
            started_at: now,
            request,
            abandoned: false,
        });
        self.touch(now);
        Ok(())
    }

    /// The payment to which a key at the provider belongs; `None` for a key that this never made.
    pub fn id_of_key(key: &str) -> Option<PaymentId> {
        attempt_of_key(key).map(|(id, _number)| id)
    }

    /// Notes that the attempt under way ends in nothing, before the provider is told so.
    pub fn abandon_attempt(&mut self, now: Timestamp) {
        if let Some(attempt) = &mut self.attempt {
            attempt.abandoned = true;
            self.touch(now);
        }
    }

    /// The attempt was refused; the payment waits for another.
    pub fn decline_attempt(&mut self, now: Timestamp) {
        self.attempt = None;
        self.touch(now);
    }

    /// The provider holds the amount.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn authorize(&mut self, now: Timestamp) -> Result<(), IllegalTransition> {
        self.become_status(PaymentStatus::Authorized, now)
    }

    /// The provider took the amount.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn complete(&mut self, now: Timestamp) -> Result<(), IllegalTransition> {
        self.become_status(PaymentStatus::Completed, now)
    }

    /// The provider refused, for good.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn fail(&mut self, reason: DeclineReason, now: Timestamp) -> Result<(), IllegalTransition> {
        self.become_status(PaymentStatus::Failed, now)?;
        self.decline_reason = Some(reason);
        Ok(())
    }

    /// Given up; the provider holds nothing.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn void(&mut self, now: Timestamp) -> Result<(), IllegalTransition> {
        self.become_status(PaymentStatus::Voided, now)
    }

    /// Asks for a refund of `amount`, or of all that is left.
    ///
    /// # Errors
    /// [`RefundRefused`].
    pub fn request_refund(
        &mut self,
        id: RefundId,
        amount: Option<Money>,
        reason: RefundReason,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> Result<(), RefundRefused> {
        let refundable = self.refundable();
        if !self.status.was_captured() || self.status == PaymentStatus::Refunded {
            return Err(RefundRefused::NotRefundable { status: self.status });
        }
        let amount = match amount {
            Some(amount) => amount,
            // All that is left is promised to refunds that are still under way.
            None if !refundable.is_positive() => {
                return Err(RefundRefused::Amount(RefundAmountRefused::ExceedsCaptured {
                    refundable,
                }));
            }
            None => refundable,
        };
        refund_within_captured(amount, refundable).map_err(RefundRefused::Amount)?;
        if self.refunds.len() >= Self::REFUNDS_MAX && id != self.rest_refund_id() {
            return Err(RefundRefused::TooMany);
        }
        let status = RefundStatus::Pending;
        self.refunds.push(Refund {
            id,
            amount,
            reason,
            status,
            request,
            created_at: now,
            updated_at: now,
        });
        self.touch(now);
        Ok(())
    }

    /// The provider gave the refund's amount back.
    ///
    /// # Errors
    /// [`NotAPendingRefund`].
    pub fn complete_refund(&mut self, id: RefundId, now: Timestamp) -> Result<(), NotAPendingRefund> {
        let amount = self.end_refund(id, RefundStatus::Completed, now)?;
        let refunded = self.refunded.minor().saturating_add(amount.minor());
        self.refunded = Money::of(refunded, self.refunded.currency());
        let status = if self.refunded == self.terms.amount {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        };
        self.become_status(status, now)
            .map_err(|_not_captured| NotAPendingRefund(id))
    }

    /// The provider refused the refund.
    ///
    /// # Errors
    /// [`NotAPendingRefund`].
    pub fn fail_refund(&mut self, id: RefundId, now: Timestamp) -> Result<(), NotAPendingRefund> {
        self.end_refund(id, RefundStatus::Failed, now)?;
        self.touch(now);
        Ok(())
    }

    /// What is left of what was taken, and not promised to a refund that is under way.
    pub fn refundable(&self) -> Money {
        let currency = self.terms.amount.currency();
        if !self.status.was_captured() {
            return Money::zero(currency);
        }
        let promised = self.sum_of_refunds(|status| status != RefundStatus::Failed);
        Money::of(self.terms.amount.minor().saturating_sub(promised.minor()), currency)
    }

    /// The sum of the refunds that the provider has carried out.
    pub fn completed_refunds(&self) -> Money {
        self.sum_of_refunds(|status| status == RefundStatus::Completed)
    }

    /// The id of the refund with which all that is left goes back when the payment is cancelled: made from the
    /// payment's own, so that cancelling twice refunds once.
    pub fn rest_refund_id(&self) -> RefundId {
        RefundId::from(Uuid::from(self.terms.id))
    }

    /// A refund of this payment.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// The store has written this version.
    pub fn mark_stored(&mut self) {
        self.stored_version = self.version;
    }

    fn become_status(&mut self, to: PaymentStatus, now: Timestamp) -> Result<(), IllegalTransition> {
        if !self.status.may_become(to) {
            return Err(IllegalTransition { from: self.status, to });
        }
        self.status = to;
        self.attempt = None;
        self.touch(now);
        Ok(())
    }

    fn end_refund(&mut self, id: RefundId, to: RefundStatus, now: Timestamp) -> Result<Money, NotAPendingRefund> {
        let pending = |refund: &&mut Refund| refund.id == id && refund.status == RefundStatus::Pending;
        let refund = self.refunds.iter_mut().find(pending).ok_or(NotAPendingRefund(id))?;
        refund.status = to;
        refund.updated_at = now;
        Ok(refund.amount)
    }

    fn sum_of_refunds(&self, counts: impl Fn(RefundStatus) -> bool) -> Money {
        let counted = self.refunds.iter().filter(|refund| counts(refund.status));
        let minor = counted.fold(0_i64, |sum, refund| sum.saturating_add(refund.amount.minor()));
        Money::of(minor, self.terms.amount.currency())
    }

    /// However much changes before it is stored, it is one new version.
    fn touch(&mut self, now: Timestamp) {
        self.version = self.stored_version.saturating_add(1);
        self.updated_at = now;
    }
}

/// What can be read of a payment.
impl Payment {
    /// What it is about.
    pub fn terms(&self) -> &PaymentTerms {
        &self.terms
    }

    /// Its id.
    pub fn id(&self) -> PaymentId {
        self.terms.id
    }

    /// For which order.
    pub fn order_id(&self) -> OrderId {
        self.terms.order_id
    }

    /// Who pays.
    pub fn customer_id(&self) -> UserId {
        self.terms.customer_id
    }

    /// How much.
    pub fn amount(&self) -> Money {
        self.terms.amount
    }

    /// Where it stands.
    pub fn status(&self) -> PaymentStatus {
        self.status
    }

    /// What went back.
    pub fn refunded(&self) -> Money {
        self.refunded
    }

    /// The provider that carries it out.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The key of the last attempt at the provider, or of the first one to come.
    pub fn provider_key(&self) -> &str {
        &self.provider_key
    }

    /// Attempts begun so far.
    pub fn attempts(&self) -> i32 {
        self.attempts
    }

    /// The attempt that is under way.
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_ref()
    }

    /// The customer's request that waits for the attempt under way.
    pub fn waiting_request(&self) -> Option<&RequestKey> {
        self.attempt.as_ref().and_then(|attempt| attempt.request.as_ref())
    }

    /// Why it failed.
    pub fn decline_reason(&self) -> Option<DeclineReason> {
        self.decline_reason
    }

    /// Its refunds, oldest first.
    pub fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// The version that the store has, or had when this was read; 0 where it has none.
    pub fn stored_version(&self) -> i64 {
        self.stored_version
    }

    /// Counts its changes; what the store has once this is written.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// When it was begun.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

#[cfg(test)]
mod tests;
