//! Another process of the shop: one address, its connections, and whether it is worth asking.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use ureq::http::{Request, header};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, SendBody};

use super::addresses::Addresses;
use super::peer_url::PeerUrl;
use super::protocol::{CONTRACT_HEADER, MAX_ANSWER_BYTES, RefusalBody, keys_path};
use super::service_token::{Addressed, NotSigned, ServiceSigner};
use super::tls::{self, TlsIdentity};
use crate::adapters::shared::circuit_breaker::{BreakerSettings, CircuitBreaker};
use crate::ports::shared::retry::Lost;
use crate::ports::shared::storage::{BoxedError, StorageError};

/// How long a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// The longest wait for an answer, whatever the caller's deadline says.
const ANSWER_TIME_MAX: Duration = Duration::from_mins(1);
/// How long something may take that is read outside of any call.
const READ_TIME: Duration = Duration::from_secs(10);
/// A peer that did not answer within a shorter time than this was not given a fair chance: the breaker does not count it.
const FAIR_TIME: Duration = Duration::from_secs(1);
/// Connections that are kept for the next call: as many as there are purchases at once (`bootstrap/server.rs`), each of
/// which makes one call at a time.
const CONNECTIONS_KEPT: usize = 64;
/// How long an idle connection is kept: well below the time after which the other side closes it, so that a call does not
/// meet the closing.
const IDLE_TIME: Duration = Duration::from_secs(15);
/// How long we leave a peer alone that was away again and again. It may be back in a moment: a restart takes a second.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(1);
/// The largest head of an answer, in bytes.
const MAX_ANSWER_HEAD_BYTES: usize = 16 * 1024;
/// Size of a connection's buffers, in bytes, each way: nearly all messages fit.
const BUFFER_BYTES: usize = 16 * 1024;

/// Another process of the shop.
#[derive(Debug)]
pub struct Peer {
    url: PeerUrl,
    agent: Agent,
    addresses: Addresses,
    signer: Arc<ServiceSigner>,
    breaker: CircuitBreaker,
}

/// What came back, whatever it says.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// [`CONTRACT_HEADER`].
    pub(super) contract: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The protocol's own answer, if it is one.
    pub(super) fn refusal(&self) -> Option<RefusalBody> {
        serde_json::from_slice(&self.body)
            .ok()
            .filter(|body: &RefusalBody| body.refusal.status() == self.status)
    }
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoReply {
    /// It was away again and again, so it was not asked.
    #[error("it has been away, and is left alone for a moment")]
    LeftAlone,
    /// There was no time left to ask.
    #[error("there was no time left")]
    NoTime,
    /// The message could not be signed.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// Nothing was sent that could have been carried out.
    #[error("it could not be reached: {0}")]
    NotReached(String),
    /// The message was sent, at least in part, and not answered in full.
    #[error("it did not answer: {1}")]
    Lost(Lost, String),
}

/// Why something could not be read from a peer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It does not answer.
    #[error("{peer} {reason}")]
    Away {
        /// Who.
        peer: PeerUrl,
        /// What happened.
        reason: String,
    },
    /// It refuses.
    #[error("{peer} refuses with {status}: {reason}")]
    Refused {
        /// Who.
        peer: PeerUrl,
        /// The HTTP status.
        status: u16,
        /// Why.
        reason: String,
    },
    /// What it answers is not what was asked for.
    #[error("the answer of {peer} cannot be read")]
    Unreadable {
        /// Who.
        peer: PeerUrl,
        /// Why.
        source: BoxedError,
    },
}

impl ReadError {
    /// To a reader, a database that is away. Whatever a peer does wrong, another attempt later is right: somebody will have
    /// put it right.
    pub(super) fn into_storage_error(self) -> StorageError {
        StorageError::Unavailable(Box::new(self))
    }
}

impl Peer {
    /// The process at `url`: with `tls` only if that is `https://` and who is there is a member of the shop, without only if
    /// it is `http://`. Nothing is asked yet.
    pub fn new(url: PeerUrl, signer: Arc<ServiceSigner>, tls: Option<&TlsIdentity>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy of the environment is for the outside world.
            .proxy(None)
            .user_agent(concat!("banyan/", env!("CARGO_PKG_VERSION")))
            .https_only(tls.is_some())
            .tls_config(tls.map_or_else(tls::nobody, TlsIdentity::client))
            .timeout_connect(Some(CONNECT_TIME))
            .max_idle_connections(CONNECTIONS_KEPT)
            .max_idle_connections_per_host(CONNECTIONS_KEPT)
            .max_idle_age(IDLE_TIME)
            .max_response_header_size(MAX_ANSWER_HEAD_BYTES)
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(BUFFER_BYTES)
            .build();
        let addresses = Addresses::default();
        Self {
            url,
            agent: Agent::with_parts(config, DefaultConnector::default(), addresses.clone()),
            addresses,
            signer,
            breaker: CircuitBreaker::new(BreakerSettings::open_for(LEFT_ALONE_FOR)),
        }
    }

    /// Where it is.
    pub fn url(&self) -> &PeerUrl {
        &self.url
    }

    /// Whether it is asked, for the metrics.
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// Sends a message with a body.
    pub(super) fn post(&self, message: Addressed<'_>, body: &[u8], time_left: Duration) -> Result<Reply, NoReply> {
        let request = self.request("POST", message, body)?;
        self.guarded(time_left, |time| {
            let mut body = Watched {
                rest: body,
                begun: false,
            };
            let request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CONTENT_LENGTH, body.rest.len())
                .body(SendBody::from_reader(&mut body));
            let reply = self.send(request, time);
            // Who has not got the body cannot have carried it out: it is checked against the token's hash.
            reply.map_err(|error| lost_if(&error, body.begun))
        })
    }

    /// Asks for something by its address, once more if the connection was cut off.
    pub(super) fn get(&self, message: Addressed<'_>, time_left: Duration) -> Result<Reply, NoReply> {
        let started = Instant::now();
        let first = self.get_once(message, time_left);
        if let Err(NoReply::Lost(Lost::CutOff, _)) = first {
            return self.get_once(message, time_left.saturating_sub(started.elapsed()));
        }
        first
    }

    fn get_once(&self, message: Addressed<'_>, time_left: Duration) -> Result<Reply, NoReply> {
        let request = self.request("GET", message, &[])?;
        self.guarded(time_left, |time| {
            let reply = self.send(request.body(()), time);
            reply.map_err(|error| lost_if(&error, true))
        })
    }

    /// What is at `target`, an address of `context`.
    ///
    /// # Errors
    /// [`ReadError`].
    fn read(&self, context: &str, target: &str, time_left: Duration) -> Result<Vec<u8>, ReadError> {
        let message = Addressed { context, target };
        let reply = self.get(message, time_left).map_err(|error| ReadError::Away {
            peer: self.url.clone(),
            reason: error.to_string(),
        })?;
        if reply.status != 200 {
            let reason = reply.refusal().map(|body| body.refusal.to_string());
            return Err(ReadError::Refused {
                peer: self.url.clone(),
                status: reply.status,
                reason: reason.unwrap_or_else(|| "it is no internal server of the shop".to_owned()),
            });
        }
        Ok(reply.body)
    }

    /// The JSON at `target`, an address of `context`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(super) fn read_json<T: DeserializeOwned>(
        &self,
        context: &str,
        target: &str,
        time_left: Duration,
    ) -> Result<T, ReadError> {
        let text = self.read(context, target, time_left)?;
        serde_json::from_slice(&text).map_err(|error| ReadError::Unreadable {
            peer: self.url.clone(),
            source: Box::new(error),
        })
    }

    /// The key set of identity, which must run there: JSON, as `/.well-known/jwks.json` has it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn public_keys(&self) -> Result<String, ReadError> {
        let text = self.read("identity", &keys_path(), READ_TIME)?;
        String::from_utf8(text).map_err(|error| ReadError::Unreadable {
            peer: self.url.clone(),
            source: Box::new(error),
        })
    }

    fn request(
        &self,
        method: &str,
        message: Addressed<'_>,
        body: &[u8],
    ) -> Result<ureq::http::request::Builder, NotSigned> {
        let token = self.signer.sign(message, body)?;
        Ok(Request::builder()
            .method(method)
            .uri(format!("{}{}", self.url, message.target))
            .header(header::AUTHORIZATION, format!("Bearer {token}")))
    }

    /// Asks the breaker, and tells it how it went.
    fn guarded(
        &self,
        time_left: Duration,
        exchange: impl FnOnce(Duration) -> Result<Reply, NoReply>,
    ) -> Result<Reply, NoReply> {
        let time = time_left.min(ANSWER_TIME_MAX);
        if time.is_zero() {
            return Err(NoReply::NoTime);
        }
        let admission = self.breaker.admit(Instant::now()).ok_or(NoReply::LeftAlone)?;
        let started = Instant::now();
        let reply = exchange(time).and_then(not_from_in_between);
        if let Err(NoReply::NotReached(_)) = reply {
            self.addresses.forget();
        }
        let was_hurried = time < FAIR_TIME && started.elapsed() >= time;
        match &reply {
            Ok(_) => admission.succeeded(Instant::now()),
            // Not the peer's fault, as far as can be told.
            Err(_) if was_hurried => drop(admission),
            Err(_) => admission.failed(Instant::now()),
        }
        reply
    }

    fn send<B: ureq::AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
        time: Duration,
    ) -> Result<Reply, ureq::Error> {
        let request = request.map_err(ureq::Error::Http)?;
        let request = self.agent.configure_request(request).timeout_global(Some(time)).build();
        let (head, mut body) = self.agent.run(request)?.into_parts();
        let contract = head.headers.get(CONTRACT_HEADER).and_then(|value| value.to_str().ok());
        Ok(Reply {
            status: head.status.as_u16(),
            contract: contract.map(str::to_owned),
            body: body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?,
        })
    }
}

/// A 502 or 504 is a proxy's, of a peer that did not answer; a 500 is of nothing that knows what it did. Our own internal
/// server answers none of these.
fn not_from_in_between(reply: Reply) -> Result<Reply, NoReply> {
    match reply.status {
        503 | 0..500 => Ok(reply),
        status => Err(NoReply::Lost(
            Lost::CutOff,
            format!("there came a {status} in its place"),
        )),
    }
}

fn lost_if(error: &ureq::Error, sent: bool) -> NoReply {
    let reason = error.to_string();
    match error {
        _ if !sent => NoReply::NotReached(reason),
        ureq::Error::Timeout(_) => NoReply::Lost(Lost::OutOfTime, reason),
        _ => NoReply::Lost(Lost::CutOff, reason),
    }
}

/// A body that notes whether anybody began to read it: the HTTP client does so when the head has been sent.
struct Watched<'b> {
    rest: &'b [u8],
    begun: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.begun = true;
        self.rest.read(buffer)
    }
}
