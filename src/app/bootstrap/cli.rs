//! The command line: each option can also be set in the environment.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env::VarError;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::databases::{DATABASE_URL, Databases, database_url, own_variable};
use super::processes::{self, Processes, Storefront};
use super::settings::{self, InvalidSetting, LogFormat, LogSettings, Settings, Timers};
use crate::ports::identity::operations::Secret;

/// What the command line asks for.
#[derive(Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// How.
    pub settings: Settings,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the shop. This is what happens without a command.
    Serve,
    /// Bring the databases to the form that this version expects, and end.
    Migrate(Migrate),
    /// Bring data in from a file.
    Import {
        /// What is in the file.
        #[command(subcommand)]
        what: Import,
    },
    /// Look after the people who run the shop.
    Admin {
        /// What to do.
        #[command(subcommand)]
        action: Admin,
    },
    /// Compare what the contexts know of each order, each piece and each payment, and name what does not agree.
    Fsck,
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Print what the messages between the contexts look like. Needs no database.
    Contracts(Contracts),
    /// Print who there is, who calls whom and who listens to whom, as the code has it. Needs no database.
    Map {
        /// As what.
        #[arg(long, default_value = "mermaid")]
        format: MapFormat,
    },
}

/// What becomes of the contracts.
#[derive(Debug, Args)]
pub struct Contracts {
    /// Write them to this folder instead, a file for each context: in a checkout, `--release-to contracts` makes them
    /// what later versions must be compatible with.
    #[arg(long)]
    pub release_to: Option<PathBuf>,
}

/// How to migrate.
#[derive(Debug, Args)]
pub struct Migrate {
    /// On PostgreSQL, also make a role for each context that can use its own schema alone. `BANYAN_DATABASE_URL` is then
    /// the URL of the owner, and `BANYAN_<CONTEXT>_DATABASE_URL` names the context's role and password; without it the
    /// role is `banyan_<context>`. The database has to be the shop's alone: PUBLIC loses its rights in it.
    #[arg(long)]
    pub roles: bool,
}

impl Command {
    /// Whether it needs the contexts, and not just their databases or their descriptions.
    fn calls_contexts(&self) -> bool {
        match self {
            Self::Serve | Self::Import { .. } | Self::Admin { .. } | Self::Fsck => true,
            Self::Migrate { .. } | Self::Openapi | Self::Contracts(_) | Self::Map { .. } => false,
        }
    }
}

/// What can be brought in.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Products, matched by their SKU: what is new is created, what differs is changed.
    Products(ImportProducts),
}

/// Where the products are.
#[derive(Debug, Args)]
pub struct ImportProducts {
    /// The file.
    #[arg(long)]
    pub file: PathBuf,
    /// What it is written in.
    #[arg(long)]
    pub format: ImportFormat,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What a file of products is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// Comma-separated values under a line of column names.
    Csv,
    /// A list of objects.
    Json,
}

/// What the map is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MapFormat {
    /// A Mermaid flowchart.
    Mermaid,
    /// All of it, for programs.
    Json,
}

/// What can be done about the people who run the shop.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Give somebody an account of role admin.
    Create(CreateAdmin),
}

/// Whose account.
#[derive(Debug, Args)]
pub struct CreateAdmin {
    /// The address they sign in with.
    #[arg(long)]
    pub email: String,
    /// Their password. Better left out here, where other users of the machine may see it: it is then taken from
    /// `BANYAN_ADMIN_PASSWORD`, or else from the first line of standard input.
    #[arg(long, value_parser = secret)]
    pub password: Option<Secret>,
    /// Their first name.
    #[arg(long, default_value = "Shop")]
    pub first_name: String,
    /// Their last name.
    #[arg(long, default_value = "Admin")]
    pub last_name: String,
}

#[derive(Debug, Parser)]
#[command(name = "banyan", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Options {
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
#[command(next_help_heading = "Several processes: the others' internal addresses, as http://host:port")]
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
    /// How long the simulated payment provider lets the shop wait for an answer that it loses.
    #[arg(long, env = "BANYAN_PROVIDER_TIMEOUT_MS", default_value_t = 50, global = true,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    provider_timeout_ms: u32,
    /// How often readers look for events of other processes; those of this one wake them.
    #[arg(long, env = "BANYAN_EVENT_POLL_MS", default_value_t = 500, global = true,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    event_poll_ms: u32,
    /// How often interrupted sagas, expired reservations and unknown payments are looked for.
    #[arg(long, env = "BANYAN_SWEEP_MS", default_value_t = 1_000, global = true,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    sweep_ms: u32,
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

/// What the command line said that is not an invocation.
#[derive(Debug)]
pub enum NotAnInvocation {
    /// It asked for help or the version: this is the answer.
    Answer(String),
    /// It is wrong: one line that says why.
    Wrong(String),
}

/// Reads the command line and the environment.
///
/// # Errors
/// [`NotAnInvocation`].
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, NotAnInvocation> {
    let cli = Cli::try_parse_from(arguments).map_err(|error| explain(&error))?;
    let command = cli.command.unwrap_or(Command::Serve);
    let settings = settings(cli.options)?;
    if command.calls_contexts() {
        let missing = settings.processes.check();
        missing.map_err(|error| NotAnInvocation::Wrong(error.to_string()))?;
    }
    Ok(Invocation { command, settings })
}

fn settings(options: Options) -> Result<Settings, NotAnInvocation> {
    let wrong = |error: InvalidSetting| NotAnInvocation::Wrong(error.to_string());
    let ms = |ms: u32| Duration::from_millis(u64::from(ms));
    let admin_password = from_environment("BANYAN_ADMIN_PASSWORD")?;
    let processes = processes(&options.processes)?;
    let admin_email = options.admin_email.unwrap_or_default();
    let timers = options.timers;
    Ok(Settings {
        http_addr: options.http_addr,
        demo: options
            .demo
            .map_or(options.http_addr.ip().is_loopback() && processes.is_whole(), |demo| {
                demo == OnOff::On
            }),
        processes,
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
        timers: Timers {
            payment_window_ms: i64::from(timers.reservation_ttl_seconds) * 1_000,
            checkout_reservation_ms: i64::from(timers.checkout_ttl_seconds) * 1_000,
            provider_timeout: ms(timers.provider_timeout_ms),
            event_poll: ms(timers.event_poll_ms),
            sweep: ms(timers.sweep_ms),
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

fn processes(options: &ProcessOptions) -> Result<Processes, NotAnInvocation> {
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
    };
    Ok(processes)
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
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// One line instead of clap's several, which also names the variable that the value may have come from.
fn explain(error: &clap::Error) -> NotAnInvocation {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return NotAnInvocation::Answer(error.to_string());
    }
    let text = error.to_string();
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let variable = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => variable_of(option),
        _ => None,
    };
    NotAnInvocation::Wrong(match variable {
        Some(variable) => format!("{line} (or {variable})"),
        None => line.to_owned(),
    })
}

/// From `--http-addr <HTTP_ADDR>` to `BANYAN_HTTP_ADDR`, where there is such a variable.
fn variable_of(option: &str) -> Option<String> {
    let name = option.strip_prefix("--")?.split_whitespace().next()?;
    let command = Cli::command();
    let argument = command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(name))?;
    Some(argument.get_env()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::shared::sql::postgres_url::PostgresUrl;
    use crate::app::bootstrap::databases::CONTEXTS;

    fn parsed(line: &str) -> Result<Invocation, NotAnInvocation> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn complaint(line: &str) -> String {
        match parsed(line) {
            Err(NotAnInvocation::Wrong(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_shop_is_served() {
        let invocation = parsed("banyan --http-addr 127.0.0.1:0").unwrap();
        assert!(matches!(invocation.command, Command::Serve));
        assert_eq!(invocation.settings.http_addr.port(), 0);
    }

    #[test]
    fn a_shop_that_others_can_reach_is_no_demo_unless_it_is_asked_for() {
        for (line, demo) in [
            ("banyan", true),
            ("banyan --http-addr 127.0.0.1:80", true),
            ("banyan --http-addr 0.0.0.0:80", false),
            ("banyan --http-addr 0.0.0.0:80 --demo on", true),
        ] {
            assert_eq!(parsed(line).unwrap().settings.demo, demo, "{line}");
        }
    }

    #[test]
    fn options_may_stand_before_or_after_the_command() {
        for line in ["banyan --demo off serve", "banyan serve --demo off"] {
            assert!(!parsed(line).unwrap().settings.demo, "{line}");
        }
    }

    #[test]
    fn a_bad_value_is_one_line_that_names_option_and_variable() {
        for (line, names) in [
            ("banyan --http-addr nowhere", ["--http-addr", "BANYAN_HTTP_ADDR"]),
            ("banyan --demo maybe", ["--demo", "BANYAN_DEMO"]),
            (
                "banyan --tax-basis-points 10001",
                ["--tax-basis-points", "BANYAN_TAX_BASIS_POINTS"],
            ),
            ("banyan --sweep-ms 0", ["--sweep-ms", "BANYAN_SWEEP_MS"]),
            ("banyan --log-format xml", ["--log-format", "BANYAN_LOG_FORMAT"]),
        ] {
            let text = complaint(line);
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(names.iter().all(|name| text.contains(name)), "{text}");
        }
    }

    #[test]
    fn every_context_can_have_a_database_of_its_own() {
        for context in CONTEXTS {
            let text = format!("postgres://host/the_{context}");
            let invocation = parsed(&format!("banyan --{context}-database-url {text}")).unwrap();
            let databases = invocation.settings.databases;
            assert_eq!(databases.url_of(context).map(PostgresUrl::as_str), Some(text.as_str()));
            assert_eq!(databases.own.len(), 1);
            let text = complaint(&format!(
                "banyan --{context}-database-url postgres://shop:hun%ter2@host/shop"
            ));
            assert!(
                text.contains(&own_variable(context)) && !text.contains("ter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_is_in_no_complaint_and_no_debug_output() {
        let text = complaint("banyan --database-url mysql://shop:hunter2@host/shop");
        assert!(text.contains("mysql") && !text.contains("hunter2"), "{text}");
        for option in ["--database-url", "--catalog-database-url"] {
            let invocation = parsed(&format!("banyan {option} postgres://shop:hunter2@host/shop")).unwrap();
            assert!(!format!("{invocation:?}").contains("hunter2"));
            let location = invocation.settings.database_of("catalog");
            assert!(!format!("{location:?}").contains("hunter2"));
        }
    }
}
