//! Use cases of payments.
//!
//! Four rules run through all of them:
//!
//! - **Written before done.** What the provider is about to be asked is committed first, what came of it afterwards, in
//!   a second transaction with its event. Between the two a crash loses nothing: the row tells what to look for.
//! - **Looked up, never assumed.** An outcome that is not known is asked for by its key ([`provider_calls`],
//!   [`settle_attempt`]). Where there is nothing, the key is blocked at the provider before the attempt is given up, so
//!   that an authorization which arrives late cannot succeed.
//! - **Told, and merged.** What the provider tells by itself is kept before it is acknowledged, and recorded by the same
//!   writes as the answer to a request ([`merge_notice`]): of the two, one is first and the other finds it done.
//! - **Twice is once.** Every call to the provider names its effect by a key made from the payment or the refund.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::payments::outbound::{PaymentProvider, PaymentStore};
use crate::ports::payments::webhooks::{WebhookInbox, WebhookReader};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::idempotency::IdempotencyStore;

mod authorize_payment;
mod cancel_payment;
mod capture_payment;
mod process_payment;
mod request_payment;

mod refund_payment;

mod get_payment;
mod get_payment_of_order;

mod resolve_unknown;

mod apply_webhooks;
mod receive_webhook;

mod audit_charges;
mod audit_payments;

mod compare_charge;
mod reconcile_payments;
mod repair_charge;

mod answers;
mod carry_out_refund;
mod comparison;
mod merge_notice;
mod messages;
mod provider_calls;
mod settle_attempt;
mod unsettled;

/// How often a use case begins anew because somebody else changed the payment in the meantime. Each round of a race has
/// a winner, so this is also how many others may be faster; more than that is an overload.
const ROUNDS_MAX: u32 = 40;

/// How a provider is asked again when it did not answer.
#[derive(Debug, Clone, Copy)]
pub struct Persistence {
    /// How often it is asked in all.
    pub attempts: u32,
    /// How long to wait in between.
    pub pause: Duration,
}

impl Default for Persistence {
    /// Three times within a fifth of a second: a customer waits for it. What is unknown then is resolved later.
    fn default() -> Self {
        Self {
            attempts: 3,
            pause: Duration::from_millis(100),
        }
    }
}

/// How the provider tells by itself what happened.
#[derive(Clone)]
pub struct Webhooks {
    /// Where it is kept. Of the database of the payments' store.
    pub inbox: Arc<dyn WebhookInbox>,
    /// Who can read it; `None` where no webhooks are taken.
    pub reader: Option<Arc<dyn WebhookReader>>,
}

/// Payments: carries out its operations over a store and a provider.
pub struct PaymentsService {
    store: Arc<dyn PaymentStore>,
    keys: Arc<dyn IdempotencyStore>,
    provider: Arc<dyn PaymentProvider>,
    webhooks: Webhooks,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    persistence: Persistence,
}

impl PaymentsService {
    /// Payments over these. `keys` must be those of the database of `store`: they are committed together.
    pub fn new(
        store: Arc<dyn PaymentStore>,
        keys: Arc<dyn IdempotencyStore>,
        provider: Arc<dyn PaymentProvider>,
        webhooks: Webhooks,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        persistence: Persistence,
    ) -> Self {
        Self {
            store,
            keys,
            provider,
            webhooks,
            clock,
            ids,
            persistence,
        }
    }
}
