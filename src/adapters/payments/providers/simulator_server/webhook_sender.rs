//! Sends what the provider has to tell, and goes on until it is heard, or for long enough.

use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use actix_web::web;
use ureq::http::{StatusCode, Uri, header};
use ureq::{Agent, SendBody};

use super::SimulatorServer;
use super::webhook_faults::WebhookFault;
use crate::adapters::payments::providers::simulator::NAME;
use crate::adapters::payments::providers::simulator::outbox::{Fate, OutboxEntry};
use crate::adapters::payments::providers::simulator_webhooks::signature_header;
use crate::adapters::payments::providers::webhook_signature::{WebhookSecret, sign};
use crate::ports::shared::seeded::mixed_text;
use crate::ports::shared::storage::StorageError;

/// Webhooks of one turn.
pub const BATCH: u32 = 64;
/// How many are sent at once.
const SENDERS: u32 = 8;
/// How often one is sent that is doubled.
const COPIES: u32 = 3;
/// How long the receiver has to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// The longest time for which a webhook is held back that is to be overtaken, in milliseconds.
const HELD_BACK_MAX_MS: u64 = 1_500;
/// When one is sent again that was not answered by 2xx, in milliseconds; each time twice as late.
const FIRST_PAUSE_MS: i64 = 200;
/// The longest pause, in milliseconds.
const PAUSE_MAX_MS: i64 = 60_000;
/// How often one is sent before it is given up: some 15 minutes.
const ATTEMPTS_MAX: i32 = 20;

/// Where webhooks are sent to: an `http://` address with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

/// A text that is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an address as http://127.0.0.1:8080/api/v1/payments/webhooks/simulator: there is no TLS")]
pub struct InvalidWebhookUrl;

impl FromStr for WebhookUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookUrl> {
        let uri: Uri = text.parse().map_err(|_not_a_uri| InvalidWebhookUrl)?;
        let is_sound = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
        is_sound.then(|| Self(text.to_owned())).ok_or(InvalidWebhookUrl)
    }
}

/// Sends the webhooks of a provider to one address.
pub struct WebhookSender {
    provider: web::Data<SimulatorServer>,
    url: WebhookUrl,
    secret: WebhookSecret,
    agent: Agent,
}

impl WebhookSender {
    /// Sends what `provider` notes, signed with `secret`.
    pub fn new(provider: web::Data<SimulatorServer>, url: WebhookUrl, secret: WebhookSecret) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("banyan-payments-simulator/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(ANSWER_TIME))
            .build();
        Self {
            provider,
            url,
            secret,
            agent: config.into(),
        }
    }

    /// Sends those that are due, at most [`BATCH`]. Returns how many it looked at.
    ///
    /// # Errors
    /// [`StorageError`] of the ledger.
    pub fn send_batch(&self) -> Result<usize, StorageError> {
        let due = self.provider.simulator.due_webhooks(BATCH)?;
        let looked_at = due.len();
        let mut fates = Vec::new();
        let mut to_send = Vec::new();
        for webhook in due {
            let fault = self.provider.faults.webhook_fault(&webhook.id);
            let fault = fault.filter(|_fault| webhook.is_new());
            if let Some(fault) = fault {
                self.provider.faults.webhooks.count(fault);
            }
            match fault {
                Some(WebhookFault::Dropped) => fates.push((webhook.id, Fate::Dropped)),
                Some(WebhookFault::Reordered) => fates.push((webhook.id.clone(), self.hold_back(&webhook))),
                Some(WebhookFault::Doubled) => to_send.push((webhook, COPIES)),
                None => to_send.push((webhook, 1)),
            }
        }
        fates.extend(self.send_all(to_send));
        self.provider.simulator.note_webhooks(&fates)?;
        Ok(looked_at)
    }

    fn hold_back(&self, webhook: &OutboxEntry) -> Fate {
        let ms = mixed_text(1, &webhook.id) % HELD_BACK_MAX_MS;
        Fate::HeldBack(self.provider.simulator.now().plus_ms(i64::try_from(ms).unwrap_or(0)))
    }

    fn send_all(&self, webhooks: Vec<(OutboxEntry, u32)>) -> Vec<(String, Fate)> {
        let (waiting, fates) = (Mutex::new(webhooks.into_iter()), Mutex::new(Vec::new()));
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    while let Some((webhook, copies)) = next() {
                        let fate = self.fate_of(&webhook, copies);
                        let mut fates = fates.lock().unwrap_or_else(PoisonError::into_inner);
                        fates.push((webhook.id, fate));
                    }
                });
            }
        });
        fates.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends so many copies at once; one that is heard is enough.
    fn fate_of(&self, webhook: &OutboxEntry, copies: u32) -> Fate {
        let heard = thread::scope(|scope| {
            let others: Vec<_> = (1..copies)
                .map(|_copy| scope.spawn(|| self.is_heard(webhook)))
                .collect();
            let heard = self.is_heard(webhook);
            others
                .into_iter()
                .fold(heard, |heard, other| other.join().unwrap_or(false) || heard)
        });
        let tally = &self.provider.faults.webhooks;
        let (counter, fate) = if heard {
            (&tally.delivered, Fate::Delivered)
        } else if webhook.attempts.saturating_add(1) >= ATTEMPTS_MAX {
            (&tally.given_up, Fate::GivenUp)
        } else {
            let pause = pause_after(webhook.attempts);
            (
                &tally.failed,
                Fate::Failed(self.provider.simulator.now().plus_ms(pause)),
            )
        };
        counter.fetch_add(1, Ordering::Relaxed);
        fate
    }

    fn is_heard(&self, webhook: &OutboxEntry) -> bool {
        let signature = sign(&self.secret, &webhook.body, self.provider.simulator.now());
        self.provider.faults.webhooks.sent.fetch_add(1, Ordering::Relaxed);
        let mut body = webhook.body.as_bytes();
        let request = ureq::http::Request::post(&self.url.0)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, body.len())
            .header(signature_header(NAME).unwrap_or_default(), signature)
            .body(SendBody::from_reader(&mut body));
        let answer = request
            .map_err(ureq::Error::Http)
            .and_then(|request| self.agent.run(request));
        match answer.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => true,
            Ok(status) => {
                let id = webhook.id.as_str();
                tracing::debug!(id, status = StatusCode::as_u16(&status), "a webhook is not taken");
                false
            }
            Err(error) => {
                tracing::debug!(id = webhook.id, %error, "a webhook is not answered");
                false
            }
        }
    }
}

fn pause_after(attempts: i32) -> i64 {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
    FIRST_PAUSE_MS.saturating_mul(1_i64 << doublings).min(PAUSE_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_an_address_without_tls() {
        assert!("http://127.0.0.1:8080/hooks".parse::<WebhookUrl>().is_ok());
        for text in [
            "",
            "127.0.0.1:8080",
            "https://shop/hooks",
            "ftp://shop",
            "http://",
            "/hooks",
        ] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(InvalidWebhookUrl), "{text}");
        }
    }

    #[test]
    fn pauses_grow_and_the_last_attempt_is_a_quarter_of_an_hour_after_the_first() {
        assert_eq!(
            [0, 1, 2, 8, 9, 100, i32::MAX].map(pause_after),
            [200, 400, 800, 51_200, 60_000, 60_000, 60_000]
        );
        let all: i64 = (0..ATTEMPTS_MAX - 1).map(pause_after).sum();
        assert!((600_000..900_000).contains(&all), "{all}");
    }
}
