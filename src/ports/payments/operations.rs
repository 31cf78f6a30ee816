//! What one can ask of payments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domains::shared::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::operations::reconciliation::{Compared, RepairedCharge, Suspects};
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Key, operation, table_of_contents};
use crate::ports::shared::page::{Page, PageRequest};

pub mod reconciliation;

table_of_contents! {
    /// Payments, as its callers see it.
    Payments = "payments", super::events::EVENTS:
        RequestPayment, AuthorizePayment, CapturePayment, CancelPayment, ProcessPayment, RefundPayment, GetPayment,
        GetPaymentOfOrder, ResolveUnknown, ReceiveWebhook, ApplyWebhooks, AuditPayments, AuditCharges,
        ReconcilePayments, CompareCharge, RepairCharge
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing is known to have been taken or held.
    Pending,
    /// The provider holds the amount.
    Authorized,
    /// The amount was taken.
    Completed,
    /// The provider refused, or could not be brought to take it; nothing is held.
    Failed,
    /// Given up before anything was taken; nothing is held.
    Voided,
    /// Part of what was taken went back.
    PartiallyRefunded,
    /// All that was taken went back.
    Refunded,
}

/// A payment: the whole money of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Its id; also the key under which the provider knows it.
    pub id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: UserId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What is to be paid.
    pub amount: Money,
    /// What went back.
    pub refunded: Money,
    /// The provider that carries it out.
    pub provider: String,
    /// Why it failed, in the words of [`DeclineReason`]; for the customer.
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

/// Why a payment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The issuer said no, and does not say why.
    CardDeclined,
    /// There is not enough money.
    InsufficientFunds,
    /// The provider does not know this token.
    InvalidToken,
    /// The provider could not be brought to an answer; it has been made sure that nothing was taken.
    ProviderFailure,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Asked for; the provider's answer is not known yet.
    Pending,
    /// The money is on its way back.
    Completed,
    /// The provider refused.
    Failed,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// Its id; also the key under which the provider knows it.
    pub id: RefundId,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// Why, in the words of who asked.
    pub reason: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Opens a payment that the customer is to make later with [`ProcessPayment`]. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestPayment {
    /// The id it shall have, chosen by the caller.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// Who is to pay.
    pub customer_id: UserId,
    /// How much.
    pub amount: Money,
}
operation!(RequestPayment => (), PaymentEnded; "payments.request_payment", Command, Internal;
    key = |op| Key::of(&op.payment_id));

/// The payment has ended otherwise: cancelled, failed, or another one of the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PaymentEnded {
    /// See above.
    Ended,
}

/// Has the provider hold an amount. Twice is once: an outcome that is not known is looked up by the payment's id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizePayment {
    /// The id it shall have, chosen by the caller.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: UserId,
    /// How much: more than zero.
    pub amount: Money,
    /// The provider's token for the customer's card.
    pub token: String,
}
operation!(AuthorizePayment => (), AuthorizePaymentError; "payments.authorize_payment", Command, Internal;
    key = |op| Key::of(&op.payment_id));

/// Why an amount is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AuthorizePaymentError {
    /// It was refused, for good.
    Declined(DeclineReason),
    /// The payment was cancelled before, or another one has this id.
    Ended,
}

/// Takes the amount that is held. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CapturePayment {
    /// Which.
    pub payment_id: PaymentId,
}
operation!(CapturePayment => (), CapturePaymentError; "payments.capture_payment", Command, Internal;
    key = |op| Key::of(&op.payment_id));

/// Why an amount cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CapturePaymentError {
    /// There is no such payment.
    NotFound,
    /// Nothing is held (any more).
    NotAuthorized,
}

/// Gives the money back, whatever has happened so far: what is not yet held never will be, what is held is let go,
/// what was taken goes back. One that is unknown is remembered as voided. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CancelPayment {
    /// Which.
    pub payment_id: PaymentId,
    /// For which order.
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: UserId,
    /// The amount it was to be.
    pub amount: Money,
    /// Why.
    pub reason: String,
}
operation!(CancelPayment => (), Never; "payments.cancel_payment", Command, Internal; key = |op| Key::of(&op.payment_id));

/// Makes a payment that was requested. Needs an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProcessPayment {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's token for the customer's card.
    pub token: String,
}
operation!(ProcessPayment => Payment, ProcessPaymentError; "payments.process_payment", Command, SignedIn, keyed;
    key = |op| Key::of(&op.order_id));

/// Why a payment cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProcessPaymentError {
    /// No payment of the caller's was requested for this order.
    NotFound,
    /// The payment is not pending: made already, or given up.
    NotPending {
        /// Where it stands.
        status: PaymentStatus,
    },
    /// It was refused. The order waits for another attempt until its reservation expires.
    Declined(DeclineReason),
    /// Another attempt is being made right now; ask again in a moment.
    Busy,
}

/// Gives money back. Needs an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RefundPayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much; all that is left where absent.
    pub amount: Option<Money>,
    /// Why: 1 to 200 characters.
    pub reason: String,
}
operation!(RefundPayment => Refund, RefundPaymentError; "payments.refund_payment", Command, Staff, keyed;
    key = |op| Key::of(&op.payment_id));

/// Why money cannot go back as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RefundPaymentError {
    /// There is no such payment.
    NotFound,
    /// Nothing was taken that could go back.
    NotRefundable {
        /// Where the payment stands.
        status: PaymentStatus,
    },
    /// More than what is left of what was taken.
    ExceedsCaptured {
        /// What is left.
        refundable: Money,
    },
    /// A field breaks a rule: which, and how.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The provider refused.
    Refused,
}

/// Reads a payment of the caller's, or any for staff.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetPayment {
    /// Which.
    pub payment_id: PaymentId,
}
operation!(GetPayment => Payment, GetPaymentError; "payments.get_payment", Query, SignedIn;
    key = |op| Key::of(&op.payment_id));

/// Reads the payment of an order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetPaymentOfOrder {
    /// Of which order.
    pub order_id: OrderId,
}
operation!(GetPaymentOfOrder => Payment, GetPaymentError; "payments.get_payment_of_order", Query, SignedIn;
    key = |op| Key::of(&op.order_id));

/// Why a payment cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetPaymentError {
    /// There is none, or none that the caller may see.
    NotFound,
}

/// Finds out at the provider what became of payments and refunds whose outcome a crash or a timeout left unknown, and
/// brings them to an end. For the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ResolveUnknown {
    /// How many at most.
    pub limit: u32,
}
operation!(ResolveUnknown => u32, Never; "payments.resolve_unknown", Command, Internal);

/// Keeps what the provider tells, once it is shown that it is the provider who tells it. Twice is once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReceiveWebhook {
    /// The provider's name.
    pub provider: String,
    /// What the provider put into its signature header.
    pub signature: String,
    /// The body, byte for byte: it is what was signed.
    pub body: String,
}
operation!(ReceiveWebhook => WebhookReceipt, ReceiveWebhookError; "payments.receive_webhook", Command, Public);

/// Without what only the provider and the shop are to know.
impl std::fmt::Debug for ReceiveWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiveWebhook")
            .field("provider", &self.provider)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A webhook is kept; what it tells is applied from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookReceipt {
    /// Whether it was here before.
    pub duplicate: bool,
}

/// Why a webhook is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReceiveWebhookError {
    /// No webhooks are taken from a provider of this name.
    UnknownProvider,
    /// Nothing shows that it comes from the provider, or that it comes now.
    NotGenuine,
    /// It is none of the provider's webhooks.
    Unreadable {
        /// What is wrong with its form.
        reason: String,
    },
    /// Another body was here before under its id.
    OtherBody,
}

/// Applies webhooks that were kept and are due. For the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApplyWebhooks {
    /// How many at most.
    pub limit: u32,
}
operation!(ApplyWebhooks => u32, Never; "payments.apply_webhooks", Command, Internal);

/// All payments, ordered by order id.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditPayments {
    /// Which page.
    pub page: PageRequest,
}
operation!(AuditPayments => Page<PaymentAudit>, Never; "payments.audit_payments", Query, Internal);

/// What payments knows of an order's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAudit {
    /// The payment.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What was to be paid.
    pub amount: Money,
    /// What went back, by the payment's own account.
    pub refunded: Money,
    /// What went back, by the sum of its completed refunds.
    pub refunds_sum: Money,
    /// What the provider's ledger says of it; `None` where the provider does not know it.
    pub charge: Option<Charge>,
}

/// All entries of the provider's ledger, ordered by key, with the payment each belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditCharges {
    /// Which page.
    pub page: PageRequest,
}
operation!(AuditCharges => Page<ChargeAudit>, Never; "payments.audit_charges", Query, Internal);

/// What the provider has of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    /// The key under which it was asked for: the payment's id.
    pub key: String,
    /// What it holds or held.
    pub authorized: Money,
    /// What it took.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
    /// Whether it still holds an amount that was not taken.
    pub open: bool,
}

/// An entry of the provider's ledger and the order it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChargeAudit {
    /// The entry.
    pub charge: Charge,
    /// The order of the payment of this id; `None` for an orphan.
    pub order_id: Option<OrderId>,
    /// Whether the payment has gone on to another entry: of this one nothing may be held or kept.
    #[serde(default)]
    pub superseded: bool,
}

/// Compares our payments with the provider's ledger, page by page, both in the order of their keys. What disagrees may
/// only have been read at two moments: [`CompareCharge`] looks again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReconcilePayments {
    /// Which page: how many payments at most, and from where on.
    pub page: PageRequest,
    /// Only what was begun at this time or later; everything where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}
operation!(ReconcilePayments => Suspects, Never; "payments.reconcile_payments", Query, Internal);

/// Compares once more what is under a key of the provider, or should be: our payment, read now, with its entries there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CompareCharge {
    /// The key.
    pub key: String,
}
operation!(CompareCharge => Compared, Never; "payments.compare_charge", Query, Internal; key = |op| Key::of(&op.key));

/// Compares once more, and makes both agree again where that needs no person. Twice is once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RepairCharge {
    /// The key.
    pub key: String,
}
operation!(RepairCharge => RepairedCharge, Never; "payments.repair_charge", Command, Internal; key = |op| Key::of(&op.key));
