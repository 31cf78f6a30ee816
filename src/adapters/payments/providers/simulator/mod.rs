//! A payment provider that runs in this process, for development, demonstrations and tests. It behaves as a provider
//! does: it has a ledger of its own, which survives a crash and knows nothing of the shop's database; it is idempotent
//! by key; and by the token it can be told to decline, to be slow, and to lose its answers ([`tokens`]).
//!
//! No client times out for real. Where a provider would let the shop wait for 30 s, the simulator lets it wait for
//! [`Waits::timeout`] and reports what the shop's client would report by then: that the outcome is unknown.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::domains::payments::decline_reason::DeclineReason;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::outbound::{PaymentProvider, ProviderCharge, ProviderError};
use crate::ports::shared::clock::Clock;
use crate::ports::shared::storage::{BoxedError, StorageError};

use ledger::{Answer, Ledger};
use tokens::Behaviour;

pub mod outbox;

mod ledger;
mod rows;
mod tokens;

/// The provider's name, as it is stored with its payments.
pub const NAME: &str = "simulator";

/// How long the simulator lets its caller wait.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// Until `tok_slow` is approved.
    pub slow: Duration,
    /// Until the caller of a call whose answer is lost gives up.
    pub timeout: Duration,
}

impl Default for Waits {
    /// Two seconds for a slow answer, and a twentieth of one for a lost one.
    fn default() -> Self {
        Self {
            slow: Duration::from_secs(2),
            timeout: Duration::from_millis(50),
        }
    }
}

/// The simulated provider.
pub struct Simulator {
    ledger: Ledger,
    waits: Waits,
}

impl Simulator {
    /// A provider with its ledger in the file at `path`, which is made where it does not exist.
    ///
    /// # Errors
    /// [`StorageError`] when the file cannot be opened.
    pub fn open(path: PathBuf, waits: Waits, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        Ok(Self {
            ledger: Ledger::open(path, clock)?,
            waits,
        })
    }
}

impl PaymentProvider for Simulator {
    fn name(&self) -> &'static str {
        NAME
    }

    fn authorize(&self, key: &str, token: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        let authorize = |declined: Option<DeclineReason>| {
            answered(
                self.ledger
                    .authorize(key, tokens::known_or_unknown(token), amount, declined),
            )
        };
        match tokens::behaviour(token) {
            Behaviour::Approve => authorize(None),
            Behaviour::Decline(reason) => authorize(Some(reason)),
            Behaviour::ApproveSlowly => {
                thread::sleep(self.waits.slow);
                authorize(None)
            }
            Behaviour::TimeOutBeforeCharge => {
                thread::sleep(self.waits.timeout);
                Err(lost("timed out"))
            }
            Behaviour::TimeOutAfterCharge => {
                authorize(None)?;
                thread::sleep(self.waits.timeout);
                Err(lost("timed out"))
            }
            Behaviour::Error => Err(lost("500 Internal Server Error")),
        }
    }

    fn capture(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        answered(self.ledger.capture(key, amount))
    }

    fn void(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        answered(self.ledger.void(key, amount.currency()))
    }

    fn refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<(), ProviderError> {
        answered(self.ledger.refund(key, refund_key, amount))
    }

    fn find_charge(&self, key: &str) -> Result<Option<ProviderCharge>, ProviderError> {
        self.ledger.find_charge(key).map_err(away)
    }

    fn find_refund(&self, refund_key: &str) -> Result<Option<Money>, ProviderError> {
        self.ledger.find_refund(refund_key).map_err(away)
    }

    fn list_charges(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, ProviderError> {
        let page = self.ledger.list_charges(after.unwrap_or_default(), since, limit);
        page.map_err(away)
    }
}

/// A failing ledger is to the shop what a failing provider is: unless nothing was begun, nobody knows what was done.
fn answered<T>(answer: Result<Answer<T>, StorageError>) -> Result<T, ProviderError> {
    match answer {
        Ok(Answer::Done(value)) => Ok(value),
        Ok(Answer::Refused(why)) => Err(ProviderError::Refused(why)),
        Err(StorageError::Unavailable(source)) => Err(ProviderError::Unavailable(source)),
        Err(error) => Err(ProviderError::OutcomeUnknown(Box::new(error))),
    }
}

fn away(error: StorageError) -> ProviderError {
    ProviderError::Unavailable(Box::new(error))
}

fn lost(why: &str) -> ProviderError {
    ProviderError::OutcomeUnknown(BoxedError::from(why))
}
