//! What can be set, checked: nothing behind this file meets a value that makes no sense.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::databases::Databases;
use super::processes::{Processes, peer_url};
use crate::adapters::shared::messaging::broker_url::{BrokerUrl, InvalidBrokerUrl};
use crate::adapters::shared::messaging::names::Names;
use crate::adapters::shared::remote::peer_url::{InvalidPeerUrl, PeerUrl};
use crate::adapters::shared::remote::service_token::WeakServiceSecret;
use crate::adapters::shared::remote::tls::UnusableTlsFile;
use crate::adapters::shared::sql::connection::DatabaseLocation;
use crate::adapters::shared::sql::postgres_url::NotAPostgresUrl;
use crate::app::shared::decorators::loopback::LoopbackSettings;
use crate::domains::shared::email::EmailAddress;
use crate::domains::shared::secret::Secret;

/// Where the server listens unless it is told otherwise: on this machine alone.
pub const HTTP_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// What is logged unless it is told otherwise: what happens, without how the server's threads come and go.
pub const LOG_FILTER: &str = "info,actix_server=warn";

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub http_addr: SocketAddr,
    /// For what belongs to this machine: the databases on `SQLite`, the simulator's ledger.
    pub data_dir: PathBuf,
    /// Where the contexts' databases are.
    pub databases: Databases,
    /// Which contexts run here, and where the others are.
    pub processes: Processes,
    /// How the contexts of this process reach each other.
    pub ports: Ports,
    /// The broker that takes events to other processes; without one they read each other's logs.
    pub broker: Option<BrokerSettings>,
    /// Who takes the money.
    pub provider: Provider,
    /// The secrets with which it signs its webhooks, the newest first; none where no webhooks are taken.
    pub webhook_secrets: Vec<Secret>,
    /// The first admin, made when there is no such account.
    pub first_admin: Option<FirstAdmin>,
    /// The password of `banyan admin create`, where the environment has it.
    pub admin_password: Option<Secret>,
    /// Whether an empty shop is filled with something to try.
    pub demo: bool,
    /// Tax on the subtotal: 1900 is 19 %. At most 10,000.
    pub tax_basis_points: u32,
    /// What a parcel costs, in minor units of the order's currency.
    pub shipping_minor: i64,
    /// What to log and how.
    pub log: LogSettings,
    /// How payments are compared with the provider's ledger without being asked.
    pub reconciliation: Reconciliation,
    /// How long things take and how often they are looked at.
    pub timers: Timers,
}

/// The variable for the secret with which the payment provider signs its webhooks.
pub const PROVIDER_WEBHOOK_SECRET: &str = "BANYAN_PROVIDER_WEBHOOK_SECRET";
/// The variable for the secret with which it signed them before, while it changes to another one.
pub const PROVIDER_WEBHOOK_SECRET_PREVIOUS: &str = "BANYAN_PROVIDER_WEBHOOK_SECRET_PREVIOUS";

/// How payments are compared with the provider's ledger without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconciliation {
    /// How often; never where absent.
    pub every: Option<Duration>,
    /// Whether what needs no person is repaired, too.
    pub repairs: bool,
}

/// The variable for the address of the payment provider.
pub const PROVIDER_URL: &str = "BANYAN_PROVIDER_URL";

/// Who takes the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// The simulator in this process, with its ledger in the data directory.
    BuiltIn,
    /// The simulator at an address: `banyan payments-simulator`.
    At(PeerUrl),
}

/// The provider at the address that is the value of [`PROVIDER_URL`]; the one in this process for an empty one.
///
/// # Errors
/// [`InvalidSetting::PeerUrl`], [`InvalidSetting::ProviderOverTls`].
pub fn provider(url: &str) -> Result<Provider, InvalidSetting> {
    match peer_url(PROVIDER_URL, url)? {
        None => Ok(Provider::BuiltIn),
        Some(url) if url.is_over_tls() => Err(InvalidSetting::ProviderOverTls),
        Some(url) => Ok(Provider::At(url)),
    }
}

/// How the contexts of a process reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// By a function call.
    Direct,
    /// As if each ran in another process: through JSON, with delays and losses that follow from a seed.
    Loopback {
        /// The seed.
        seed: u64,
    },
}

impl Ports {
    /// The way of the calls, where it is not the direct one.
    pub fn loopback(self) -> Option<LoopbackSettings> {
        match self {
            Self::Direct => None,
            Self::Loopback { seed } => Some(LoopbackSettings::with_seed(seed)),
        }
    }
}

/// Where the broker is, and what our things are called there.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Where it is.
    pub url: BrokerUrl,
    /// The names of our exchanges and queues.
    pub names: Names,
}

/// Who may let others in.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// The address they sign in with.
    pub email: EmailAddress,
    /// Their password, which identity's policy has still to accept.
    pub password: Secret,
}

/// What to log and how.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// In the words of `tracing_subscriber::EnvFilter`, of which it is known to be understood.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: an object a line.
    Json,
}

/// How long things take and how often they are looked at. Settings, so that tests can scale them.
#[derive(Debug, Clone, Copy)]
pub struct Timers {
    /// How long stock is held for an order that is to be paid later, in milliseconds.
    pub payment_window_ms: i64,
    /// How long stock is held for a checkout under way, in milliseconds: longer than any checkout takes.
    pub checkout_reservation_ms: i64,
    /// How long the shop waits for an answer of its payment provider.
    pub provider_timeout: Duration,
    /// How long it leaves a provider at an address alone that failed again and again.
    pub provider_left_alone: Duration,
    /// How often readers look for events of other processes.
    pub event_poll: Duration,
    /// How often interrupted sagas, expired reservations and unknown payments are looked for.
    pub sweep: Duration,
    /// How long a database server that is not there at the start is waited for.
    pub database_wait: Duration,
    /// How long a worker's right to be the only one at its work lasts without being renewed, in milliseconds. The same in all
    /// instances: after a crash the others wait for so long.
    pub lease_ms: i64,
    /// How long a saga stays with whoever works at it without a word, in milliseconds: longer than any of its steps takes. After
    /// a crash the others wait for so long.
    pub saga_lease_ms: i64,
    /// How long readiness is false before the door closes.
    pub drain: Duration,
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// Another database than the two that there are.
    #[error(
        "{variable}: the scheme {scheme:?} is not known; give a postgres:// or postgresql:// URL, or none for SQLite in \
         BANYAN_DATA_DIR"
    )]
    UnknownScheme {
        /// Where it was set.
        variable: String,
        /// What stands before `://`.
        scheme: String,
    },
    /// Not a URL at all. It is not repeated: it may hold a password.
    #[error("{variable} {source}")]
    NotADatabaseUrl {
        /// Where it was set.
        variable: String,
        /// What a URL looks like.
        source: NotAPostgresUrl,
    },
    /// The simulated provider speaks in the clear.
    #[error("{PROVIDER_URL} begins with https://, and the simulated payment provider speaks no TLS")]
    ProviderOverTls,
    /// Not one of ours.
    #[error("BANYAN_CONTEXTS: there is no context {name:?}; give some of {known}, or none")]
    UnknownContext {
        /// What was named.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Not the address of a process.
    #[error("{variable} {source}, as in http://host:port")]
    PeerUrl {
        /// Where it was set.
        variable: String,
        /// What is wrong.
        source: InvalidPeerUrl,
    },
    /// Nobody knows where somebody is who is needed.
    #[error("{variable} is missing: {reason}, and it does not run here")]
    MissingPeer {
        /// Where it would be set.
        variable: String,
        /// Who needs it and why.
        reason: String,
    },
    /// A process that would ask itself.
    #[error("{variable} is the internal address of this process, which does not run {context}")]
    PeerIsSelf {
        /// Where it was set.
        variable: String,
        /// Who does not run here.
        context: &'static str,
    },
    /// Processes that cannot trust each other.
    #[error("BANYAN_SERVICE_SECRET is missing: the shop's processes sign with it what they say to each other")]
    ServiceSecretMissing,
    /// A secret that could be guessed.
    #[error("{variable} {source}")]
    ServiceSecret {
        /// Where it was set.
        variable: &'static str,
        /// What is wrong.
        source: WeakServiceSecret,
    },
    /// TLS for half of what it takes.
    #[error("{missing} is missing: {given} is set, and TLS between processes takes all three files")]
    TlsIncomplete {
        /// Where nothing was set.
        missing: &'static str,
        /// Where something was.
        given: &'static str,
    },
    /// A file that no connection can be made with.
    #[error("{variable}: {source}")]
    TlsFile {
        /// Where it was set.
        variable: &'static str,
        /// What is wrong.
        source: UnusableTlsFile,
    },
    /// TLS with somebody, without anything to show.
    #[error(
        "{variable} begins with https://, which takes certificates: set BANYAN_INTERNAL_TLS_CERT, BANYAN_INTERNAL_TLS_KEY \
         and BANYAN_INTERNAL_TLS_CA"
    )]
    PeerOverTls {
        /// Where it was set.
        variable: String,
    },
    /// Somebody who would be spoken to in the clear, although there are certificates.
    #[error(
        "{variable} begins with http://; BANYAN_INTERNAL_TLS_CERT is set, and with certificates it must be https://"
    )]
    PeerWithoutTls {
        /// Where it was set.
        variable: String,
    },
    /// Not the address of a broker.
    #[error("BANYAN_AMQP_URL {0}")]
    BrokerUrl(InvalidBrokerUrl),
    /// Not an address.
    #[error("BANYAN_ADMIN_EMAIL {reason}")]
    AdminEmail {
        /// What is wrong.
        reason: String,
    },
    /// An address without a password.
    #[error("BANYAN_ADMIN_EMAIL is set and BANYAN_ADMIN_PASSWORD is not: a first admin needs both")]
    AdminPasswordMissing,
    /// Not a filter.
    #[error("BANYAN_LOG is not a filter like `info` or `banyan=debug,info`: {reason}")]
    LogFilter {
        /// What is wrong.
        reason: String,
    },
}

/// The first admin, if one is to be made: an address (or an empty text) and a password.
///
/// # Errors
/// [`InvalidSetting::AdminEmail`], [`InvalidSetting::AdminPasswordMissing`].
pub fn first_admin(email: &str, password: Option<&Secret>) -> Result<Option<FirstAdmin>, InvalidSetting> {
    if email.is_empty() {
        return Ok(None);
    }
    let email =
        email.parse().map_err(
            |error: <EmailAddress as std::str::FromStr>::Err| InvalidSetting::AdminEmail {
                reason: error.to_string(),
            },
        )?;
    let password = password.cloned().ok_or(InvalidSetting::AdminPasswordMissing)?;
    Ok(Some(FirstAdmin { email, password }))
}

/// The filter, if it can be understood; [`LOG_FILTER`] for none.
///
/// # Errors
/// [`InvalidSetting::LogFilter`].
pub fn log_filter(text: &str) -> Result<String, InvalidSetting> {
    let text = if text.is_empty() { LOG_FILTER } else { text };
    match EnvFilter::try_new(text) {
        Ok(_understood) => Ok(text.to_owned()),
        Err(error) => Err(InvalidSetting::LogFilter {
            reason: error.to_string(),
        }),
    }
}

impl Settings {
    /// Where the database of `context` is.
    pub fn database_of(&self, context: &str) -> DatabaseLocation {
        match self.databases.url_of(context) {
            None => DatabaseLocation::SqliteFile(sqlite_file(&self.data_dir, context)),
            Some(url) => DatabaseLocation::PostgresSchema {
                url: url.to_connect(),
                schema: context.to_owned(),
            },
        }
    }

    /// The ledger of the payment provider that is simulated: a file wherever the databases are, because it is not ours but the
    /// provider's. Processes of one shop must share it: two ledgers are two providers that know nothing of each other.
    pub fn simulator_ledger(&self) -> PathBuf {
        sqlite_file(&self.data_dir, "payments-simulator")
    }
}

fn sqlite_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.sqlite3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_admin_has_an_address_and_a_password() {
        assert!(matches!(first_admin("", None), Ok(None)));
        assert_eq!(
            first_admin("a@example.com", None).unwrap_err(),
            InvalidSetting::AdminPasswordMissing
        );
        let password = Secret::new("long enough for anybody");
        assert!(matches!(
            first_admin("nobody", Some(&password)),
            Err(InvalidSetting::AdminEmail { .. })
        ));
        assert!(matches!(first_admin("a@example.com", Some(&password)), Ok(Some(_))));
    }

    #[test]
    fn a_log_filter_is_understood_or_refused() {
        assert_eq!(log_filter(""), Ok(LOG_FILTER.to_owned()));
        assert!(log_filter("banyan=debug,info").is_ok());
        assert!(matches!(
            log_filter("banyan=loudly"),
            Err(InvalidSetting::LogFilter { .. })
        ));
    }
}
