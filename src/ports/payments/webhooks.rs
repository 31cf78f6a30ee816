//! What payments needs from the outside to be told by its provider: somebody who can tell a webhook from a forgery, and
//! a place where it is kept until it has been applied.

use super::outbound::ProviderCharge;
use crate::domains::shared::ids::PaymentId;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::storage::StorageError;

/// Knows the webhooks of one provider.
pub trait WebhookReader: Send + Sync {
    /// The provider's name, as it is stored with its payments.
    fn provider(&self) -> &str;

    /// Whether the provider has signed exactly this body, and not long before or after `now`.
    ///
    /// # Errors
    /// [`NotGenuine`]. Why MUST NOT be told: it would help nobody but a forger.
    fn verify(&self, signature: &str, body: &str, now: Timestamp) -> Result<(), NotGenuine>;

    /// What a body says. Asked for again when it is applied, so that a later version reads what an earlier one stored.
    ///
    /// # Errors
    /// [`NotANotice`].
    fn read(&self, body: &str) -> Result<ProviderNotice, NotANotice>;
}

/// Nothing shows that a webhook comes from the provider, or comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing shows that this comes from the provider, or that it comes now")]
pub struct NotGenuine;

/// A body that is none of the provider's. It says what is wrong with its form, and nothing of what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotANotice(pub String);

/// What a provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderNotice {
    /// Its id at the provider, the same however often it is sent: 1 to [`ProviderNotice::ID_CHARS_MAX`] characters.
    pub event_id: String,
    /// The provider's name for what happened: 1 to [`ProviderNotice::ID_CHARS_MAX`] characters.
    pub event_type: String,
    /// What happened.
    pub told: Told,
}

impl ProviderNotice {
    /// The most characters of an id or a type.
    pub const ID_CHARS_MAX: usize = 255;
}

/// What happened at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A charge came to stand as it stood then. Later it may stand elsewhere.
    Charge(ProviderCharge),
    /// Money went back.
    Refund {
        /// The charge, as it stood then.
        charge: ProviderCharge,
        /// The key of the refund.
        refund_key: String,
        /// How much went back.
        amount: Money,
    },
    /// Something that is nothing to us: why.
    Nothing(&'static str),
}

/// Keeps what providers told.
///
/// A webhook is known by its provider and its event id. Whoever looks at one takes it first, so that nobody else does in
/// the meantime; who dies over it leaves it to whoever comes when that time is over.
pub trait WebhookInbox: Send + Sync {
    /// Keeps a webhook. MUST be on the disk when this returns: the provider is told that it need not send it again.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], [`StorageError::OutcomeUnknown`].
    fn receive(&self, webhook: &NewWebhook) -> Result<Received, StorageError>;

    /// Takes webhooks that are due at `now`, oldest first, and then such as wait for a payment that is there by now; at
    /// most `limit`. Each MUST count as another attempt, and MUST NOT be taken again before `until`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn take(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Webhook>, StorageError>;

    /// Writes what came of those that were taken, in one transaction. One that somebody else has taken meanwhile, or has
    /// ended, MUST be left as it is.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn settle(&self, settled: &[(Webhook, Standing)]) -> Result<(), StorageError>;

    /// Forgets webhooks that ended before `before`, at most `limit` of them; returns how many it forgot.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn forget_ended(&self, before: Timestamp, limit: u32) -> Result<usize, StorageError>;
}

/// A webhook that has just come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Whose it is.
    pub provider: String,
    /// Its id there.
    pub event_id: String,
    /// The provider's name for what happened.
    pub event_type: String,
    /// The signed body, as it came.
    pub body: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// Whether a webhook is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is.
    Fresh,
    /// It was here before, with the same body.
    Known,
    /// Another body was here before under its id.
    OtherBody,
}

/// A webhook that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Whose it is.
    pub provider: String,
    /// Its id there.
    pub event_id: String,
    /// The signed body, as it came.
    pub body: String,
    /// How often it was taken, this time included.
    pub attempts: i32,
    /// When it came.
    pub received_at: Timestamp,
}

/// Where a webhook stands once it has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// To be looked at again.
    Waiting {
        /// Why.
        reason: String,
        /// The payment that it waits for; `None` where it waits for something else.
        waits_for: Option<PaymentId>,
        /// When at the latest.
        next_attempt_at: Timestamp,
    },
    /// Done with.
    Ended {
        /// How.
        end: WebhookEnd,
        /// What came of it, for people.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// How a webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookEnd {
    /// What it tells is in our books, by it or from before.
    Applied,
    /// It is nothing to us.
    Ignored,
    /// It contradicts our books, and has changed nothing: an operator must look.
    Quarantined,
}

impl WebhookEnd {
    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }
}
