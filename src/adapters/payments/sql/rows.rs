//! Rows of the tables, to and from the domain.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::schema::{payments, refunds};
use crate::domains::payments::attempt::{Attempt, RequestKey};
use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::{Payment, PaymentTerms, StoredPayment};
use crate::domains::payments::refund::{Refund, RefundReason, RefundStatus, StoredRefund};
use crate::domains::payments::status::PaymentStatus;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
pub(super) struct PaymentRow {
    pub(super) id: String,
    order_id: String,
    customer_id: String,
    pub(super) status: String,
    amount_minor: i64,
    currency: String,
    refunded_minor: i64,
    provider: String,
    provider_key: String,
    decline_reason: Option<String>,
    attempts: i32,
    attempt_started_at: Option<NaiveDateTime>,
    attempt_abandoned: bool,
    request_scope: Option<String>,
    request_key: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// What may change of a payment.
#[derive(AsChangeset)]
#[diesel(table_name = payments, treat_none_as_null = true)]
pub(super) struct PaymentChanges {
    status: String,
    refunded_minor: i64,
    provider_key: String,
    decline_reason: Option<String>,
    attempts: i32,
    attempt_started_at: Option<NaiveDateTime>,
    attempt_abandoned: bool,
    request_scope: Option<String>,
    request_key: Option<String>,
    version: i64,
    updated_at: NaiveDateTime,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub(super) struct RefundRow {
    id: String,
    pub(super) payment_id: String,
    amount_minor: i64,
    currency: String,
    reason: String,
    status: String,
    request_scope: Option<String>,
    request_key: Option<String>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl PaymentRow {
    pub(super) fn of(payment: &Payment) -> Self {
        let PaymentChanges {
            status,
            refunded_minor,
            provider_key,
            decline_reason,
            attempts,
            attempt_started_at,
            attempt_abandoned,
            request_scope,
            request_key,
            version,
            updated_at,
        } = PaymentChanges::of(payment);
        Self {
            id: payment.id().to_string(),
            order_id: payment.order_id().to_string(),
            customer_id: payment.customer_id().to_string(),
            status,
            amount_minor: payment.amount().minor(),
            currency: payment.amount().currency().code().to_owned(),
            refunded_minor,
            provider: payment.provider().to_owned(),
            provider_key,
            decline_reason,
            attempts,
            attempt_started_at,
            attempt_abandoned,
            request_scope,
            request_key,
            version,
            created_at: payment.created_at().naive_utc(),
            updated_at,
        }
    }

    /// `refunds` are those of this payment, oldest first.
    pub(super) fn into_payment(self, refunds: Vec<RefundRow>) -> Result<Payment, StorageError> {
        let currency = self.currency.parse().map_err(StorageError::corrupt)?;
        let request = request_key(self.request_scope, self.request_key)?;
        let attempt = self.attempt_started_at.map(|started_at| Attempt {
            started_at: Timestamp::from_naive_utc(started_at),
            request,
            abandoned: self.attempt_abandoned,
        });
        Ok(Payment::from_storage(StoredPayment {
            terms: PaymentTerms {
                id: self.id.parse().map_err(StorageError::corrupt)?,
                order_id: self.order_id.parse().map_err(StorageError::corrupt)?,
                customer_id: self.customer_id.parse().map_err(StorageError::corrupt)?,
                amount: Money::of(self.amount_minor, currency),
            },
            status: PaymentStatus::from_name(&self.status)
                .ok_or_else(|| StorageError::corrupt(format!("payment status {}", self.status)))?,
            refunded: Money::of(self.refunded_minor, currency),
            provider: self.provider,
            provider_key: self.provider_key,
            attempts: self.attempts,
            attempt,
            decline_reason: self.decline_reason.as_deref().map(decline_reason).transpose()?,
            refunds: refunds
                .into_iter()
                .map(RefundRow::into_refund)
                .collect::<Result<_, _>>()?,
            version: self.version,
            created_at: Timestamp::from_naive_utc(self.created_at),
            updated_at: Timestamp::from_naive_utc(self.updated_at),
        }))
    }
}

impl PaymentChanges {
    pub(super) fn of(payment: &Payment) -> Self {
        let attempt = payment.attempt();
        let request = payment.waiting_request();
        Self {
            status: payment.status().name().to_owned(),
            refunded_minor: payment.refunded().minor(),
            provider_key: payment.provider_key().to_owned(),
            decline_reason: payment.decline_reason().map(|reason| reason.name().to_owned()),
            attempts: payment.attempts(),
            attempt_started_at: attempt.map(|attempt| attempt.started_at.naive_utc()),
            attempt_abandoned: attempt.is_some_and(|attempt| attempt.abandoned),
            request_scope: request.map(|request| request.scope.clone()),
            request_key: request.map(|request| request.key.clone()),
            version: payment.version(),
            updated_at: payment.updated_at().naive_utc(),
        }
    }
}

impl RefundRow {
    pub(super) fn of(payment: &Payment, refund: &Refund) -> Self {
        Self {
            id: refund.id().to_string(),
            payment_id: payment.id().to_string(),
            amount_minor: refund.amount().minor(),
            currency: refund.amount().currency().code().to_owned(),
            reason: refund.reason().as_str().to_owned(),
            status: refund.status().name().to_owned(),
            request_scope: refund.request().map(|request| request.scope.clone()),
            request_key: refund.request().map(|request| request.key.clone()),
            created_at: refund.created_at().naive_utc(),
            updated_at: refund.updated_at().naive_utc(),
        }
    }

    fn into_refund(self) -> Result<Refund, StorageError> {
        let currency = self.currency.parse().map_err(StorageError::corrupt)?;
        Ok(Refund::from_storage(StoredRefund {
            id: self.id.parse().map_err(StorageError::corrupt)?,
            amount: Money::of(self.amount_minor, currency),
            reason: RefundReason::from_storage(self.reason),
            status: RefundStatus::from_name(&self.status)
                .ok_or_else(|| StorageError::corrupt(format!("refund status {}", self.status)))?,
            request: request_key(self.request_scope, self.request_key)?,
            created_at: Timestamp::from_naive_utc(self.created_at),
            updated_at: Timestamp::from_naive_utc(self.updated_at),
        }))
    }
}

fn decline_reason(name: &str) -> Result<DeclineReason, StorageError> {
    DeclineReason::from_name(name).ok_or_else(|| StorageError::corrupt(format!("decline reason {name}")))
}

fn request_key(scope: Option<String>, key: Option<String>) -> Result<Option<RequestKey>, StorageError> {
    match (scope, key) {
        (Some(scope), Some(key)) => Ok(Some(RequestKey { scope, key })),
        (None, None) => Ok(None),
        _ => Err(StorageError::corrupt("half of a request key")),
    }
}
