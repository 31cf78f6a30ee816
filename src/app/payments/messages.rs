//! From the words of the domain to those of the messages.

use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::Payment;
use crate::domains::payments::reconciliation::{DiscrepancyClass, Repair};
use crate::domains::payments::refund::{Refund, RefundStatus};
use crate::domains::payments::status::PaymentStatus;
use crate::domains::shared::ids::PaymentId;
use crate::ports::payments::events::{PaymentCompleted, PaymentFailed, PaymentRefunded};
use crate::ports::payments::operations;
use crate::ports::payments::operations::reconciliation::{self, OurSide};
use crate::ports::payments::outbound::{ChargeState, ProviderCharge};

/// A payment, as its readers see it.
pub(super) fn payment(payment: &Payment) -> operations::Payment {
    operations::Payment {
        id: payment.id(),
        order_id: payment.order_id(),
        customer_id: payment.customer_id(),
        status: status(payment.status()),
        amount: payment.amount(),
        refunded: payment.refunded(),
        provider: payment.provider().to_owned(),
        decline_reason: payment.decline_reason().map(decline_reason),
        refunds: payment.refunds().iter().map(|one| refund(payment.id(), one)).collect(),
        version: payment.version(),
        created_at: payment.created_at(),
        updated_at: payment.updated_at(),
    }
}

/// A refund, as its readers see it.
pub(super) fn refund(payment_id: PaymentId, refund: &Refund) -> operations::Refund {
    operations::Refund {
        id: refund.id(),
        payment_id,
        amount: refund.amount(),
        reason: refund.reason().as_str().to_owned(),
        status: match refund.status() {
            RefundStatus::Pending => operations::RefundStatus::Pending,
            RefundStatus::Completed => operations::RefundStatus::Completed,
            RefundStatus::Failed => operations::RefundStatus::Failed,
        },
        created_at: refund.created_at(),
    }
}

/// Where a payment stands.
pub(super) fn status(status: PaymentStatus) -> operations::PaymentStatus {
    match status {
        PaymentStatus::Pending => operations::PaymentStatus::Pending,
        PaymentStatus::Authorized => operations::PaymentStatus::Authorized,
        PaymentStatus::Completed => operations::PaymentStatus::Completed,
        PaymentStatus::Failed => operations::PaymentStatus::Failed,
        PaymentStatus::Voided => operations::PaymentStatus::Voided,
        PaymentStatus::PartiallyRefunded => operations::PaymentStatus::PartiallyRefunded,
        PaymentStatus::Refunded => operations::PaymentStatus::Refunded,
    }
}

/// Why a payment was not taken.
pub(super) fn decline_reason(reason: DeclineReason) -> operations::DeclineReason {
    match reason {
        DeclineReason::CardDeclined => operations::DeclineReason::CardDeclined,
        DeclineReason::InsufficientFunds => operations::DeclineReason::InsufficientFunds,
        DeclineReason::InvalidToken => operations::DeclineReason::InvalidToken,
        DeclineReason::ProviderFailure => operations::DeclineReason::ProviderFailure,
    }
}

/// What the provider has, as the audit shows it.
pub(super) fn charge(charge: ProviderCharge) -> operations::Charge {
    operations::Charge {
        key: charge.key,
        authorized: charge.authorized,
        captured: charge.captured,
        refunded: charge.refunded,
        open: charge.state == ChargeState::Authorized,
    }
}

/// What we know of a payment that the provider sees differently.
pub(super) fn our_side(payment: &Payment) -> OurSide {
    OurSide {
        payment_id: payment.id(),
        order_id: payment.order_id(),
        status: status(payment.status()),
        amount: payment.amount(),
        refunded: payment.refunded(),
    }
}

/// In which way both sides disagree.
pub(super) fn discrepancy_class(class: DiscrepancyClass) -> reconciliation::DiscrepancyClass {
    match class {
        DiscrepancyClass::OrphanCharge => reconciliation::DiscrepancyClass::OrphanCharge,
        DiscrepancyClass::MissingCapture => reconciliation::DiscrepancyClass::MissingCapture,
        DiscrepancyClass::MissingCharge => reconciliation::DiscrepancyClass::MissingCharge,
        DiscrepancyClass::AmountDrift => reconciliation::DiscrepancyClass::AmountDrift,
        DiscrepancyClass::CurrencyDrift => reconciliation::DiscrepancyClass::CurrencyDrift,
        DiscrepancyClass::RefundDrift => reconciliation::DiscrepancyClass::RefundDrift,
        DiscrepancyClass::StateDrift => reconciliation::DiscrepancyClass::StateDrift,
        DiscrepancyClass::DuplicateCharge => reconciliation::DiscrepancyClass::DuplicateCharge,
    }
}

/// What makes both agree again.
pub(super) fn repair(repair: Repair) -> reconciliation::Repair {
    match repair {
        Repair::Void => reconciliation::Repair::Void,
        Repair::GiveBack => reconciliation::Repair::GiveBack,
        Repair::Capture => reconciliation::Repair::Capture,
        Repair::RecordCapture => reconciliation::Repair::RecordCapture,
        Repair::RecordVoid => reconciliation::Repair::RecordVoid,
        Repair::RefundAgain => reconciliation::Repair::RefundAgain,
        Repair::RecordRefund => reconciliation::Repair::RecordRefund,
    }
}

/// The amount was taken.
pub(super) fn completed(payment: &Payment) -> PaymentCompleted {
    PaymentCompleted {
        payment_id: payment.id(),
        order_id: payment.order_id(),
        amount: payment.amount(),
    }
}

/// The amount was refused, for good.
pub(super) fn failed(payment: &Payment, reason: DeclineReason) -> PaymentFailed {
    PaymentFailed {
        payment_id: payment.id(),
        order_id: payment.order_id(),
        amount: payment.amount(),
        reason: decline_reason(reason),
    }
}

/// Money went back.
pub(super) fn refunded(payment: &Payment, refund: &Refund) -> PaymentRefunded {
    PaymentRefunded {
        payment_id: payment.id(),
        order_id: payment.order_id(),
        refund_id: refund.id(),
        amount: refund.amount(),
        refunded_total: payment.refunded(),
    }
}
