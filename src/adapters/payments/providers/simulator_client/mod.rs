//! The simulated provider where it is a process of its own, reached over HTTP: with limits on how long, how often and
//! whether at all it is asked.
//!
//! Every effect has a key, so a call that may have been carried out is made again, under its key, and finds what it did.
//! What stays open after that is [`ProviderError::OutcomeUnknown`], and the use cases look it up. A call that timed out is
//! not made again here: whoever waits has waited long enough.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, header};
use ureq::{Agent, SendBody};

use self::retry_budget::RetryBudget;
use super::simulator_wire::{AmountBody, AuthorizeBody, ChargeBody, ChargesBody, ErrorBody, PAGE_MAX};
use crate::adapters::shared::circuit_breaker::{BreakerSettings, CircuitBreaker};
use crate::adapters::shared::remote::peer_url::PeerUrl;
use crate::domains::shared::money::Money;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::payments::outbound::{ChargeState, PaymentProvider, ProviderCharge, ProviderError};
use crate::ports::shared::seeded::{mixed, mixed_text};

mod retry_budget;

/// How long a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// How often a call is made at most.
const ATTEMPTS_MAX: u32 = 3;
/// Pause before the second attempt; the third waits twice as long. Up to half of it is left out, by the key.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The largest answer, in bytes: a page of charges has some 200 for each.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Connections that are kept for the next call: as many as there are commands at once.
const CONNECTIONS_KEPT: usize = 64;
/// How long an idle connection is kept: less than the other side keeps it.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// How patient the shop is with its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long it waits for an answer.
    pub answer: Duration,
    /// How long it leaves a provider alone that failed again and again.
    pub left_alone: Duration,
}

/// The provider at an address.
pub struct SimulatorClient {
    url: PeerUrl,
    agent: Agent,
    breaker: CircuitBreaker,
    budget: RetryBudget,
}

/// What came of one attempt.
enum Attempt {
    /// It was answered, by this status and body.
    Answered(u16, Vec<u8>),
    /// Nothing was done.
    NothingDone(String),
    /// It was not made: the provider is being left alone.
    NotMade,
    /// It may have been carried out; it can be made again.
    Lost(String),
    /// It may have been carried out, and there is no time left.
    TimedOut(String),
}

/// What the provider says to a call.
enum Said<T> {
    /// An answer that can be believed.
    Sound(T),
    /// No, by this status and reason: it is refused, or what was asked for is not there.
    No(u16, String),
}

impl SimulatorClient {
    /// The provider at `url`, an `http://` one: there is no money in it that others could take. Nothing is asked yet.
    pub fn at(url: PeerUrl, patience: Patience) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("banyan/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIME.min(patience.answer)))
            .timeout_global(Some(patience.answer))
            .max_idle_connections(CONNECTIONS_KEPT)
            .max_idle_connections_per_host(CONNECTIONS_KEPT)
            .max_idle_age(IDLE_TIME)
            .build();
        Self {
            url,
            agent: config.into(),
            breaker: CircuitBreaker::new(BreakerSettings::open_for(patience.left_alone)),
            budget: RetryBudget::default(),
        }
    }

    /// An effect under `key`; its answer has to pass `is_sound`.
    fn effect<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: &impl Serialize,
        is_sound: impl Fn(&T) -> bool,
    ) -> Result<T, ProviderError> {
        let body = serde_json::to_vec(body).map_err(|error| ProviderError::Unavailable(error.into()))?;
        match self.call(method, path, Some(&body), is_sound)? {
            Said::Sound(answer) => Ok(answer),
            Said::No(_status, why) => Err(ProviderError::Refused(why)),
        }
    }

    /// What is at `path`. Nothing can be done by asking, so that whatever goes wrong is that nobody can tell.
    fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ProviderError> {
        match self.call(&Method::GET, path, None, |_said: &T| true) {
            Ok(Said::Sound(answer)) => Ok(Some(answer)),
            Ok(Said::No(404, _why)) => Ok(None),
            Ok(Said::No(_status, why)) => Err(ProviderError::Unavailable(why.into())),
            Err(ProviderError::OutcomeUnknown(source)) => Err(ProviderError::Unavailable(source)),
            Err(error) => Err(error),
        }
    }

    /// Makes a call until it is answered in a way that can be believed, or often enough.
    fn call<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&[u8]>,
        is_sound: impl Fn(&T) -> bool,
    ) -> Result<Said<T>, ProviderError> {
        self.budget.pay_in();
        let mut may_be_done = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (reason, again) = match self.attempt(method, path, body) {
                Attempt::Answered(200, said) => {
                    if let Some(answer) = serde_json::from_slice(&said).ok().filter(&is_sound) {
                        return Ok(Said::Sound(answer));
                    }
                    may_be_done = true;
                    tracing::error!(%method, path, "the provider's answer cannot be believed");
                    ("its answer cannot be believed".to_owned(), true)
                }
                Attempt::Answered(status, said) if is_no(method, status, &said) => {
                    return Ok(Said::No(status, reason(status, &said)));
                }
                // Somebody between, or behind another door: nobody knows what became of it.
                Attempt::Answered(status, said) => {
                    may_be_done = true;
                    let reason = reason(status, &said);
                    tracing::error!(%method, path, reason, "this is no answer of the provider");
                    (reason, false)
                }
                Attempt::NothingDone(reason) => (reason, true),
                Attempt::NotMade => ("has been failing, and is left alone for a while".to_owned(), false),
                Attempt::Lost(reason) => {
                    may_be_done = true;
                    (reason, true)
                }
                Attempt::TimedOut(reason) => {
                    may_be_done = true;
                    (reason, false)
                }
            };
            if !again || attempt >= ATTEMPTS_MAX || !self.budget.take() {
                let source = format!("{} {reason}", self.url).into();
                return Err(if may_be_done {
                    ProviderError::OutcomeUnknown(source)
                } else {
                    ProviderError::Unavailable(source)
                });
            }
            tracing::debug!(%method, path, reason, attempt, "the provider is asked again");
            thread::sleep(pause(path, attempt));
        }
    }

    /// One attempt, unless the breaker is against it.
    fn attempt(&self, method: &Method, path: &str, body: Option<&[u8]>) -> Attempt {
        let Some(admission) = self.breaker.admit(Instant::now()) else {
            return Attempt::NotMade;
        };
        let attempt = self.exchange(method, path, body);
        match &attempt {
            // It is there and says that this is not the moment, or that there is too much to do.
            Attempt::Answered(..) => admission.succeeded(Instant::now()),
            _ => admission.failed(Instant::now()),
        }
        match attempt {
            Attempt::Answered(409, said) => Attempt::NothingDone(reason(409, &said)),
            Attempt::Answered(429, said) => Attempt::NothingDone(reason(429, &said)),
            other => other,
        }
    }

    fn exchange(&self, method: &Method, path: &str, body: Option<&[u8]>) -> Attempt {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        let sent = match body {
            Some(body) => {
                let request = request
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::CONTENT_LENGTH, body.len());
                let mut body = body;
                request
                    .body(SendBody::from_reader(&mut body))
                    .map_err(ureq::Error::Http)
                    .and_then(|request| self.agent.run(request))
            }
            None => request
                .body(())
                .map_err(ureq::Error::Http)
                .and_then(|request| self.agent.run(request)),
        };
        let said = sent.and_then(|answer| {
            let (head, mut body) = answer.into_parts();
            let said = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
            Ok((head.status.as_u16(), said))
        });
        match said {
            Ok((503, said)) => Attempt::NothingDone(reason(503, &said)),
            Ok((status @ 500.., said)) => Attempt::Lost(reason(status, &said)),
            Ok((status, said)) => Attempt::Answered(status, said),
            Err(error) => lost(&error),
        }
    }
}

fn lost(error: &ureq::Error) -> Attempt {
    let reason = format!("did not answer: {error}");
    match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => Attempt::NothingDone(reason),
        // Only a connection that is being made is refused.
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Attempt::NothingDone(reason),
        ureq::Error::Timeout(_) => Attempt::TimedOut(reason),
        _ => Attempt::Lost(reason),
    }
}

/// Whether this is a no of the provider's own, in its words and by a status that it has for that.
fn is_no(method: &Method, status: u16, said: &[u8]) -> bool {
    (status == 422 || status == 404 && method == Method::GET) && error_body(said).is_some()
}

fn error_body(said: &[u8]) -> Option<ErrorBody> {
    serde_json::from_slice(said).ok()
}

fn reason(status: u16, said: &[u8]) -> String {
    let said = error_body(said);
    let said = said.map_or_else(|| "nothing that can be read".to_owned(), |body| body.error);
    format!("answered {status}: {said}")
}

/// A key as it can stand in an address: those that are not ours may hold anything.
fn in_address(key: &str) -> PercentEncode<'_> {
    utf8_percent_encode(key, NON_ALPHANUMERIC)
}

fn pause(path: &str, attempt: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(attempt);
    let left_out = mixed(mixed_text(u64::from(attempt), path)) % 1_000;
    let left_out = u32::try_from(left_out).unwrap_or(0);
    whole.saturating_mul(2_000 - left_out) / 2_000
}

impl PaymentProvider for SimulatorClient {
    /// The ledger is the same, wherever it is kept.
    fn name(&self) -> &'static str {
        "simulator"
    }

    fn authorize(&self, key: &str, token: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        let body = AuthorizeBody {
            token: token.to_owned(),
            amount,
        };
        let charge = self.effect(
            &Method::PUT,
            &format!("/v1/charges/{}", in_address(key)),
            &body,
            |charge: &ChargeBody| {
                let charge = charge.clone().into_charge();
                let holds = matches!(charge.state, ChargeState::Authorized | ChargeState::Captured);
                charge.key == key && (!holds || charge.authorized == amount)
            },
        )?;
        Ok(charge.into_charge())
    }

    fn capture(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        let path = format!("/v1/charges/{}/capture", in_address(key));
        let charge = self.effect(&Method::POST, &path, &AmountBody { amount }, |charge: &ChargeBody| {
            let charge = charge.clone().into_charge();
            charge.key == key && (charge.state != ChargeState::Captured || charge.captured == amount)
        })?;
        Ok(charge.into_charge())
    }

    fn void(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        let path = format!("/v1/charges/{}/void", in_address(key));
        let charge = self.effect(&Method::POST, &path, &AmountBody { amount }, |charge: &ChargeBody| {
            let said = charge.authorized;
            charge.key == key && (said == amount || said == Money::zero(amount.currency()))
        })?;
        Ok(charge.into_charge())
    }

    fn refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<(), ProviderError> {
        let path = format!("/v1/charges/{}/refunds/{}", in_address(key), in_address(refund_key));
        let body = AmountBody { amount };
        self.effect(&Method::PUT, &path, &body, |said: &AmountBody| said.amount == amount)?;
        Ok(())
    }

    fn find_charge(&self, key: &str) -> Result<Option<ProviderCharge>, ProviderError> {
        let charge: Option<ChargeBody> = self.read(&format!("/v1/charges/{}", in_address(key)))?;
        Ok(charge.map(ChargeBody::into_charge))
    }

    fn find_refund(&self, refund_key: &str) -> Result<Option<Money>, ProviderError> {
        let said: Option<AmountBody> = self.read(&format!("/v1/refunds/{}", in_address(refund_key)))?;
        Ok(said.map(|body| body.amount))
    }

    fn list_charges(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, ProviderError> {
        let (after, limit) = (in_address(after.unwrap_or_default()), limit.min(PAGE_MAX));
        let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
        let page: Option<ChargesBody> = self.read(&format!("/v1/charges?after={after}{since}&limit={limit}"))?;
        // A ledger may be empty, but not away.
        let page = page.ok_or_else(|| ProviderError::Unavailable("it says that it has no ledger".into()))?;
        Ok(page.charges.into_iter().map(ChargeBody::into_charge).collect())
    }
}
