//! What payments needs from the outside: its store, and a provider that holds, takes and gives back money.

use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::payments::payment::Payment;
use crate::domains::shared::ids::{OrderId, PaymentId, RefundId};
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::{BoxedError, StorageError, UnitOfWork};

/// Keeps payments with their refunds.
///
/// Every write is one transaction with its [`UnitOfWork`], and MUST call [`Payment::mark_stored`] once it has been
/// committed. A write of a payment, or of a refund of it, MUST fail with [`StorageError::Stale`] unless the stored
/// version is still [`Payment::stored_version`]: the sum of the refunds is guarded by the version of their payment.
pub trait PaymentStore: Send + Sync {
    /// The payment with all its refunds, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find(&self, id: PaymentId) -> Result<Option<Payment>, StorageError>;

    /// The payment of an order: there is at most one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find_by_order(&self, order_id: OrderId) -> Result<Option<Payment>, StorageError>;

    /// Writes a new payment, which has no refunds.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Duplicate`] when the id or the order has a payment.
    fn insert(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Writes a payment that has changed, without its refunds.
    ///
    /// # Errors
    /// [`StorageError::Stale`] as promised above.
    fn update(&self, payment: &mut Payment, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Writes the payment and this refund of it, which is new.
    ///
    /// # Errors
    /// [`StorageError::Stale`] as promised above; [`StorageError::Duplicate`] when the refund exists.
    fn add_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Writes the payment and this refund of it, which has changed.
    ///
    /// # Errors
    /// [`StorageError::Stale`] as promised above, and when there is no such refund.
    fn update_refund(&self, payment: &mut Payment, refund: RefundId, unit: &UnitOfWork) -> Result<(), StorageError>;

    /// Payments with an attempt that has been under way too long, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn overdue_attempts(&self, overdue: &Overdue, limit: u32) -> Result<Vec<PaymentId>, StorageError>;

    /// Refunds that were asked for before `requested_before` and are still pending, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn pending_refunds(
        &self,
        requested_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(PaymentId, RefundId)>, StorageError>;

    /// Payments with their refunds, ordered by order id, from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn page_by_order(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StorageError>;

    /// Payments with their refunds, ordered by their own id, from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn page_by_id(&self, after: Option<PaymentId>, limit: u32) -> Result<Vec<Payment>, StorageError>;

    /// The orders of those of these payments that exist, and the provider's keys that they are at, in no particular order.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn orders_of(&self, payments: &[PaymentId]) -> Result<Vec<(PaymentId, OrderId, String)>, StorageError>;
}

/// Since when an attempt is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Attempts that a customer's request waits for and that began before this.
    pub of_request_before: Timestamp,
    /// Attempts that a checkout waits for and that began before this.
    pub of_checkout_before: Timestamp,
}

/// Holds, takes and gives back money.
///
/// Every call names its effect by a key, and a key MUST have at most one effect: the same call again finds it and
/// returns what there is. A call that finds a charge in a state in which it has nothing to do (a capture of what was
/// voided, a void of what was captured) MUST leave it and return it as it is; the caller looks at the state.
pub trait PaymentProvider: Send + Sync {
    /// The provider's name, as it is stored with the payment.
    fn name(&self) -> &str;

    /// Has `amount` held under `key`, for the card behind `token`. Never asked for under a key that was voided.
    ///
    /// # Errors
    /// [`ProviderError`]; MUST be [`ProviderError::Refused`] for a key that was used with another amount. That the
    /// card is declined is not an error.
    fn authorize(&self, key: &str, token: &str, amount: Money) -> Result<ProviderCharge, ProviderError>;

    /// Takes what is held under `key`.
    ///
    /// # Errors
    /// [`ProviderError`]; MUST be [`ProviderError::Refused`] when there is no such charge, or when `amount` is more
    /// than it holds or other than what it took.
    fn capture(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError>;

    /// Lets go what is held under `key`. Where nothing is, the key MUST be blocked: an authorization under it that
    /// arrives later MUST NOT succeed. `amount` is what was to be held.
    ///
    /// # Errors
    /// [`ProviderError`].
    fn void(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError>;

    /// Gives back `amount` of what was taken under `key`.
    ///
    /// # Errors
    /// [`ProviderError`]; MUST be [`ProviderError::Refused`] when that is more than what is left, or when `refund_key`
    /// was used for another refund.
    fn refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<(), ProviderError>;

    /// What there is under `key`.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`]: that nothing is there and that it cannot be told are two answers.
    fn find_charge(&self, key: &str) -> Result<Option<ProviderCharge>, ProviderError>;

    /// What was given back under `refund_key`.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`].
    fn find_refund(&self, refund_key: &str) -> Result<Option<Money>, ProviderError>;

    /// At most `limit` charges in the order of the bytes of their keys, from behind `after`; with `since`, only those
    /// that were made at this time or later. Fewer than `limit` only at the end of the ledger.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`].
    fn list_charges(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, ProviderError>;
}

/// What a provider has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCharge {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub state: ChargeState,
    /// What it holds or held; zero where it never held anything.
    pub authorized: Money,
    /// What it took.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
}

/// Where a charge stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeState {
    /// The amount is held.
    Authorized,
    /// The amount was taken.
    Captured,
    /// What was held was let go, or the key was blocked before anything was.
    Voided,
    /// The card was refused.
    Declined(DeclineReason),
}

/// Why a provider does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No answer, or one that cannot be understood. Whether the call took effect is unknown: it MUST be looked up by
    /// its key, never assumed.
    #[error("the outcome at the provider is unknown")]
    OutcomeUnknown(#[source] BoxedError),
    /// The provider cannot be reached. This call certainly did nothing.
    #[error("the provider is unavailable")]
    Unavailable(#[source] BoxedError),
    /// The provider does not accept the call as such, and did nothing: asking again brings the same answer.
    #[error("the provider refuses: {0}")]
    Refused(String),
}
