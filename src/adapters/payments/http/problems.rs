//! What the business outcomes of payments are to a client.

use serde_json::json;

use super::bodies::decline_name;
use crate::adapters::shared::http::money::MoneyBody;
use crate::adapters::shared::http::problem::{IntoProblem, Problem, ProblemKind, VALIDATION_FAILED, problem_kinds};
use crate::ports::payments::operations::{
    GetPaymentError, PaymentStatus, ProcessPaymentError, ReceiveWebhookError, RefundPaymentError,
};

problem_kinds! {
    WEBHOOK_NOT_GENUINE = 400 "webhook_not_genuine" "Nothing shows that the webhook comes from the provider, or comes now";
    WEBHOOK_UNREADABLE = 400 "webhook_unreadable" "The body is none of the provider's webhooks";
    PAYMENT_ATTEMPT_DECLINED = 402 "payment_attempt_declined" "The payment was refused; the order waits for another attempt";
    PAYMENT_NOT_FOUND = 404 "payment_not_found" "There is no such payment";
    WEBHOOKS_NOT_TAKEN = 404 "webhooks_not_taken" "No webhooks are taken from a provider of this name";
    PAYMENT_NOT_PENDING = 409 "payment_not_pending" "The payment is made already, or given up";
    PAYMENT_BUSY = 409 "payment_busy" "The payment is being made right now";
    PAYMENT_NOT_REFUNDABLE = 409 "payment_not_refundable" "Nothing was taken that could go back";
    REFUND_EXCEEDS_CAPTURED = 409 "refund_exceeds_captured" "More than what is left of what was taken";
    REFUND_REFUSED = 409 "refund_refused" "The payment provider does not give the money back";
    WEBHOOK_ID_REUSED = 409 "webhook_id_reused" "A webhook of this id came before with another body";
}

impl IntoProblem for ProcessPaymentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(PAYMENT_NOT_FOUND),
            Self::NotPending { status } => {
                Problem::new(PAYMENT_NOT_PENDING).member("payment_status", status_name(status))
            }
            Self::Declined(reason) => Problem::new(PAYMENT_ATTEMPT_DECLINED)
                .detail("Try again with another card and a new Idempotency-Key.")
                .member("reason", decline_name(reason)),
            Self::Busy => Problem::new(PAYMENT_BUSY).retry_after_seconds(1),
        }
    }
}

impl IntoProblem for RefundPaymentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(PAYMENT_NOT_FOUND),
            Self::NotRefundable { status } => {
                Problem::new(PAYMENT_NOT_REFUNDABLE).member("payment_status", status_name(status))
            }
            Self::ExceedsCaptured { refundable } => {
                Problem::new(REFUND_EXCEEDS_CAPTURED).member("refundable", json!(MoneyBody::from(refundable)))
            }
            Self::Invalid { field, reason } => Problem::new(VALIDATION_FAILED).field(format!("/{field}"), reason),
            Self::Refused => Problem::new(REFUND_REFUSED),
        }
    }
}

impl IntoProblem for ReceiveWebhookError {
    fn into_problem(self) -> Problem {
        match self {
            Self::UnknownProvider => Problem::new(WEBHOOKS_NOT_TAKEN),
            Self::NotGenuine => Problem::new(WEBHOOK_NOT_GENUINE),
            Self::Unreadable { reason } => Problem::new(WEBHOOK_UNREADABLE).detail(reason),
            Self::OtherBody => Problem::new(WEBHOOK_ID_REUSED),
        }
    }
}

impl IntoProblem for GetPaymentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(PAYMENT_NOT_FOUND),
        }
    }
}

/// The status in the words of the API.
pub(super) fn status_name(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Pending => "pending",
        PaymentStatus::Authorized => "authorized",
        PaymentStatus::Completed => "completed",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Voided => "voided",
        PaymentStatus::PartiallyRefunded => "partially_refunded",
        PaymentStatus::Refunded => "refunded",
    }
}
