//! What can be set for every command, and the settings that come of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env::VarError;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::NotAnInvocation;
use crate::adapters::shared::messaging::broker_url::BrokerUrl;
use crate::adapters::shared::messaging::names::Names;
use crate::app::bootstrap::databases::{DATABASE_URL, Databases, database_url, own_variable};
use crate::app::bootstrap::processes::{self, Processes, Storefront};
use crate::app::bootstrap::settings::{
    self, BrokerSettings, InvalidSetting, LogFormat, LogSettings, Ports, Provider, Reconciliation, Settings, Timers,
};
use crate::domains::shared::secret::Secret;

/// How long the provider in this process keeps the shop waiting that asked with a card whose answer is lost.
const BUILT_IN_TIMEOUT_MS: u32 = 50;
/// How long the shop waits for a provider at an address.
const PROVIDER_TIMEOUT_MS: u32 = 5_000;

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Options {
    /// Where to listen. Port 0 takes a free one and prints it.
    #[arg(long, env = "BANYAN_HTTP_ADDR", default_value_t = settings::HTTP_ADDR, global = true)]
    http_addr: SocketAddr,
    /// Where the databases are for which no server is named: a file for each context.
    #[arg(long, env = "BANYAN_DATA_DIR", default_value = "./data", global = true)]
    data_dir: PathBuf,
    /// `postgres://user:password@host:port/database`. Absent: SQLite in the data directory.
    #[arg(long, env = "BANYAN_DATABASE_URL", hide_env_values = true, value_parser = secret, global = true)]
    database_url: Option<Secret>,
    /// The first admin, made at the start when there is no such account yet. The password is in the environment alone,
    /// as `BANYAN_ADMIN_PASSWORD`: a command line can be seen by others.
    #[arg(long, env = "BANYAN_ADMIN_EMAIL", global = true)]
    admin_email: Option<String>,
    /// Whether an empty shop is filled with products and accounts to try it out. Absent: only where nobody but this
    /// machine can reach it, because everybody knows the passwords.
    #[arg(long, env = "BANYAN_DEMO", global = true)]
    demo: Option<OnOff>,
    /// Tax on an order's subtotal, in basis points: 1900 is 19 %.
    #[arg(long, env = "BANYAN_TAX_BASIS_POINTS", default_value_t = 0, global = true,
        value_parser = clap::value_parser!(u32).range(0..=10_000))]
    tax_basis_points: u32,
    /// What sending a parcel costs, in minor units of the order's currency.
    #[arg(long, env = "BANYAN_SHIPPING_MINOR", default_value_t = 0, global = true,
        value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    shipping_minor: i64,
    /// What to log: `info`, `banyan=debug,info`, ...
    #[arg(long, env = "BANYAN_LOG", default_value = settings::LOG_FILTER, global = true)]
    log: String,
    /// How to log.
    #[arg(long, env = "BANYAN_LOG_FORMAT", default_value = "text", global = true)]
    log_format: LogFormat,
    #[command(flatten)]
    databases: DatabaseOptions,
    #[command(flatten)]
    processes: ProcessOptions,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    provider: ProviderOptions,
    #[command(flatten)]
    reconciliation: ReconciliationOptions,
    #[command(flatten)]
    timers: TimerOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Databases of single contexts, instead of the one for all")]
struct DatabaseOptions {
    /// The database of identity, on any server.
    #[arg(long = "identity-database-url", env = "BANYAN_IDENTITY_DATABASE_URL", value_name = "URL",
        hide_env_values = true, value_parser = secret, global = true)]
    identity: Option<Secret>,
    /// The database of the catalog, on any server.
    #[arg(long = "catalog-database-url", env = "BANYAN_CATALOG_DATABASE_URL", value_name = "URL",
        hide_env_values = true, value_parser = secret, global = true)]
    catalog: Option<Secret>,
    /// The database of inventory, on any server.
    #[arg(long = "inventory-database-url", env = "BANYAN_INVENTORY_DATABASE_URL", value_name = "URL",
        hide_env_values = true, value_parser = secret, global = true)]
    inventory: Option<Secret>,
    /// The database of payments, on any server.
    #[arg(long = "payments-database-url", env = "BANYAN_PAYMENTS_DATABASE_URL", value_name = "URL",
        hide_env_values = true, value_parser = secret, global = true)]
    payments: Option<Secret>,
    /// The database of orders, on any server.
    #[arg(long = "orders-database-url", env = "BANYAN_ORDERS_DATABASE_URL", value_name = "URL",
        hide_env_values = true, value_parser = secret, global = true)]
    orders: Option<Secret>,
}

#[derive(Debug, Args)]
#[command(
    next_help_heading = "Several processes: the others' internal addresses, as http://host:port or https://host:port"
)]
struct ProcessOptions {
    /// The contexts that run in this process, as in `orders,payments`; `none` for a process that only passes on or asks.
    /// Absent: all. What the processes say to each other is signed with `BANYAN_SERVICE_SECRET`, which is in the
    /// environment alone (and `BANYAN_SERVICE_SECRET_PREVIOUS`, while it is changed).
    #[arg(
        long,
        env = "BANYAN_CONTEXTS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    contexts: String,
    /// Where other processes reach the contexts of this one. Absent: nowhere.
    #[arg(long, env = "BANYAN_INTERNAL_ADDR", global = true)]
    internal_addr: Option<SocketAddr>,
    /// Which contexts the storefront reaches here: all that are known, or only those that run here.
    #[arg(long, env = "BANYAN_STOREFRONT", default_value = "known", global = true)]
    storefront: Storefront,
    /// Where identity runs.
    #[arg(
        long = "identity-url",
        env = "BANYAN_IDENTITY_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    identity_url: String,
    /// Where catalog runs.
    #[arg(
        long = "catalog-url",
        env = "BANYAN_CATALOG_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    catalog_url: String,
    /// Where inventory runs.
    #[arg(
        long = "inventory-url",
        env = "BANYAN_INVENTORY_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    inventory_url: String,
    /// Where payments runs.
    #[arg(
        long = "payments-url",
        env = "BANYAN_PAYMENTS_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    payments_url: String,
    /// Where orders runs.
    #[arg(
        long = "orders-url",
        env = "BANYAN_ORDERS_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    orders_url: String,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS between processes: all three files, in PEM, or none")]
struct TlsOptions {
    /// The certificate of this process, with those between it and the authority behind it. With it, the internal addresses
    /// are `https://`, and only processes with a certificate of the same authority are asked or answered.
    #[arg(
        long = "internal-tls-cert",
        env = "BANYAN_INTERNAL_TLS_CERT",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    certificate: OsString,
    /// The private key of that certificate.
    #[arg(
        long = "internal-tls-key",
        env = "BANYAN_INTERNAL_TLS_KEY",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    key: OsString,
    /// The authorities that sign the certificates of the shop's processes, and of nobody else.
    #[arg(
        long = "internal-tls-ca",
        env = "BANYAN_INTERNAL_TLS_CA",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    authorities: OsString,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How operations and events travel")]
struct WayOptions {
    /// How the contexts of this process reach each other: by a function call, or, to try what breaks when they are
    /// apart, through JSON with delays and losses.
    #[arg(long, env = "BANYAN_PORTS", default_value = "direct", global = true)]
    ports: PortsMode,
    /// What the delays and losses of the loopback follow from.
    #[arg(long, env = "BANYAN_LOOPBACK_SEED", default_value_t = 1, global = true)]
    loopback_seed: u64,
    /// `amqp://user:password@host:port/vhost`: the RabbitMQ that takes events to other processes. Absent: they read each
    /// other's logs.
    #[arg(long, env = "BANYAN_AMQP_URL", hide_env_values = true, value_parser = secret, global = true)]
    amqp_url: Option<Secret>,
    /// What the names of our exchanges and queues begin with. Shops that share a virtual host have different ones.
    #[arg(long, env = "BANYAN_AMQP_PREFIX", default_value = "banyan", global = true)]
    amqp_prefix: String,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The payment provider")]
struct ProviderOptions {
    /// Where the simulated payment provider is, as http://host:port, when it is a process of its own (`banyan
    /// payments-simulator`). Absent: in this process. It may tell by webhooks what happened, which it signs with
    /// `BANYAN_PROVIDER_WEBHOOK_SECRET`, which is in the environment alone (and `BANYAN_PROVIDER_WEBHOOK_SECRET_PREVIOUS`,
    /// while it is changed). Without it, none are taken.
    #[arg(
        long = "provider-url",
        env = "BANYAN_PROVIDER_URL",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    url: String,
    /// How long the shop waits for the provider's answer. Absent: 50 for the one in this process, which keeps the shop
    /// waiting only to show what becomes of that, and 5000 for one at an address.
    #[arg(long = "provider-timeout-ms", env = "BANYAN_PROVIDER_TIMEOUT_MS", value_name = "MS", global = true,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    timeout_ms: Option<u32>,
    /// How long a provider at an address is left alone that failed five times in a row, or half of twenty times.
    #[arg(long = "provider-left-alone-ms", env = "BANYAN_PROVIDER_LEFT_ALONE_MS", value_name = "MS", default_value_t = 30_000, global = true,
        value_parser = clap::value_parser!(u32).range(1..=300_000))]
    left_alone_ms: u32,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Reconciliation: our payments against the provider's ledger, of the last seven days")]
struct ReconciliationOptions {
    /// How often they are compared where payments runs; what disagrees is written into the log. 0: never.
    #[arg(long, env = "BANYAN_RECONCILE_EVERY_SECONDS", value_name = "SECONDS",
        default_value_t = 3_600, global = true, value_parser = clap::value_parser!(u32).range(0..=604_800))]
    reconcile_every_seconds: u32,
    /// Whether what needs no person is repaired, too, as by `banyan reconcile payments --apply`.
    #[arg(long, env = "BANYAN_RECONCILE_APPLY", default_value = "off", global = true)]
    reconcile_apply: OnOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PortsMode {
    Direct,
    Loopback,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Timers")]
struct TimerOptions {
    /// How long stock is held for an order that is to be paid later.
    #[arg(long, env = "BANYAN_RESERVATION_TTL_SECONDS", default_value_t = 900, global = true,
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    reservation_ttl_seconds: u32,
    /// How long stock is held for a checkout under way: longer than any checkout takes.
    #[arg(long, env = "BANYAN_CHECKOUT_TTL_SECONDS", default_value_t = 300, global = true,
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    checkout_ttl_seconds: u32,
    /// How often readers look for events of other processes; those of this one wake them.
    #[arg(long, env = "BANYAN_EVENT_POLL_MS", default_value_t = 500, global = true,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    event_poll_ms: u32,
    /// How often interrupted sagas, expired reservations and unknown payments are looked for.
    #[arg(long, env = "BANYAN_SWEEP_MS", default_value_t = 1_000, global = true,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    sweep_ms: u32,
    /// How long a PostgreSQL that is not there at the start is waited for, before the process ends with what is wrong.
    #[arg(long, env = "BANYAN_DATABASE_WAIT_SECONDS", default_value_t = 60, global = true,
        value_parser = clap::value_parser!(u32).range(0..=3_600))]
    database_wait_seconds: u32,
    /// How long the others wait before they do the work of an instance that was killed; the same in all instances.
    #[arg(long, env = "BANYAN_LEASE_MS", default_value_t = 10_000, global = true,
        value_parser = clap::value_parser!(u32).range(1_000..=60_000))]
    lease_ms: u32,
    /// How long they wait before they go on with a purchase that it had begun: longer than the provider takes to answer.
    #[arg(long, env = "BANYAN_SAGA_LEASE_MS", default_value_t = 15_000, global = true,
        value_parser = clap::value_parser!(u32).range(1_000..=60_000))]
    saga_lease_ms: u32,
    /// How long `/health/ready` says 503 before the door closes, so that nobody is sent to it any more.
    #[arg(long, env = "BANYAN_DRAIN_MS", default_value_t = 500, global = true,
        value_parser = clap::value_parser!(u32).range(0..=1_000))]
    drain_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnOff {
    On,
    Off,
}

/// The settings that the options ask for.
pub(super) fn settings(options: Options) -> Result<Settings, NotAnInvocation> {
    let wrong = |error: InvalidSetting| NotAnInvocation::Wrong(error.to_string());
    let ms = |ms: u32| Duration::from_millis(u64::from(ms));
    let admin_password = from_environment("BANYAN_ADMIN_PASSWORD")?;
    let processes = processes(&options.processes, &options.tls)?;
    let admin_email = options.admin_email.unwrap_or_default();
    let timers = options.timers;
    let provider = settings::provider(&options.provider.url).map_err(wrong)?;
    let provider_timeout_ms = options.provider.timeout_ms;
    let provider_timeout_ms = provider_timeout_ms.unwrap_or(match provider {
        Provider::BuiltIn => BUILT_IN_TIMEOUT_MS,
        Provider::At(_) => PROVIDER_TIMEOUT_MS,
    });
    Ok(Settings {
        http_addr: options.http_addr,
        demo: options
            .demo
            .map_or(options.http_addr.ip().is_loopback() && processes.is_whole(), |demo| {
                demo == OnOff::On
            }),
        processes,
        provider,
        webhook_secrets: webhook_secrets()?,
        ports: match options.way.ports {
            PortsMode::Direct => Ports::Direct,
            PortsMode::Loopback => Ports::Loopback {
                seed: options.way.loopback_seed,
            },
        },
        broker: broker(&options.way).map_err(wrong)?,
        databases: databases(options.database_url.as_ref(), &options.databases).map_err(wrong)?,
        data_dir: options.data_dir,
        first_admin: settings::first_admin(&admin_email, admin_password.as_ref()).map_err(wrong)?,
        admin_password,
        tax_basis_points: options.tax_basis_points,
        shipping_minor: options.shipping_minor,
        log: LogSettings {
            filter: settings::log_filter(&options.log).map_err(wrong)?,
            format: options.log_format,
        },
        reconciliation: Reconciliation {
            every: Some(Duration::from_secs(
                options.reconciliation.reconcile_every_seconds.into(),
            ))
            .filter(|every| !every.is_zero()),
            repairs: options.reconciliation.reconcile_apply == OnOff::On,
        },
        timers: Timers {
            payment_window_ms: i64::from(timers.reservation_ttl_seconds) * 1_000,
            checkout_reservation_ms: i64::from(timers.checkout_ttl_seconds) * 1_000,
            provider_timeout: ms(provider_timeout_ms),
            provider_left_alone: ms(options.provider.left_alone_ms),
            event_poll: ms(timers.event_poll_ms),
            sweep: ms(timers.sweep_ms),
            database_wait: Duration::from_secs(u64::from(timers.database_wait_seconds)),
            lease_ms: i64::from(timers.lease_ms),
            saga_lease_ms: i64::from(timers.saga_lease_ms),
            drain: ms(timers.drain_ms),
        },
    })
}

fn databases(general: Option<&Secret>, single: &DatabaseOptions) -> Result<Databases, InvalidSetting> {
    let url = |variable: &str, given: Option<&Secret>| database_url(variable, given.map_or("", Secret::expose));
    let mut databases = Databases {
        general: url(DATABASE_URL, general)?,
        ..Databases::default()
    };
    for (context, given) in [
        ("identity", &single.identity),
        ("catalog", &single.catalog),
        ("inventory", &single.inventory),
        ("payments", &single.payments),
        ("orders", &single.orders),
    ] {
        if let Some(url) = url(&own_variable(context), given.as_ref())? {
            databases.own.insert(context, url);
        }
    }
    Ok(databases)
}

fn processes(options: &ProcessOptions, tls: &TlsOptions) -> Result<Processes, NotAnInvocation> {
    let wrong = |error: InvalidSetting| NotAnInvocation::Wrong(error.to_string());
    let mut peers = BTreeMap::new();
    for (context, given) in [
        ("identity", &options.identity_url),
        ("catalog", &options.catalog_url),
        ("inventory", &options.inventory_url),
        ("payments", &options.payments_url),
        ("orders", &options.orders_url),
    ] {
        if let Some(url) = processes::peer_url(&processes::peer_variable(context), given).map_err(wrong)? {
            peers.insert(context, url);
        }
    }
    let secret = |variable| {
        let given = from_environment(variable)?;
        processes::service_secret(variable, given.as_ref().map_or("", Secret::expose)).map_err(wrong)
    };
    let processes = Processes {
        here: processes::contexts(&options.contexts).map_err(wrong)?,
        peers,
        storefront: options.storefront,
        internal_addr: options.internal_addr,
        secret: secret(processes::SERVICE_SECRET)?,
        previous_secret: secret(processes::SERVICE_SECRET_PREVIOUS)?,
        tls: processes::tls_identity(&tls.certificate, &tls.key, &tls.authorities).map_err(wrong)?,
    };
    Ok(processes)
}

fn broker(options: &WayOptions) -> Result<Option<BrokerSettings>, InvalidSetting> {
    let given = options.amqp_url.as_ref().map_or("", Secret::expose);
    if given.is_empty() {
        return Ok(None);
    }
    Ok(Some(BrokerSettings {
        url: BrokerUrl::parse(given).map_err(InvalidSetting::BrokerUrl)?,
        names: Names::new(&options.amqp_prefix),
    }))
}

fn webhook_secrets() -> Result<Vec<Secret>, NotAnInvocation> {
    let mut secrets = Vec::new();
    for variable in [
        settings::PROVIDER_WEBHOOK_SECRET,
        settings::PROVIDER_WEBHOOK_SECRET_PREVIOUS,
    ] {
        secrets.extend(from_environment(variable)?);
    }
    Ok(secrets)
}

/// A secret that is given in the environment alone: a command line can be seen by others.
fn from_environment(variable: &str) -> Result<Option<Secret>, NotAnInvocation> {
    match std::env::var(variable) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(Secret::new(value))),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(NotAnInvocation::Wrong(format!("{variable} is not valid UTF-8"))),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}
