//! What the program of the whole shop can do.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Commands;
use super::options::secret;
use super::service::Service;
use crate::adapters::payments::providers::simulator_server::faults::FaultProfile;
use crate::adapters::payments::providers::simulator_server::webhook_sender::WebhookUrl;
use crate::app::bootstrap::reconcile::since::Since;
use crate::domains::shared::secret::Secret;

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What can be done with any set of contexts.
    #[command(flatten)]
    Service(Service),
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
    /// Hold our books against those of others.
    Reconcile {
        /// Which.
        #[command(subcommand)]
        what: Reconcile,
    },
    /// Lift a context out. Needs no database.
    Extract {
        /// How far.
        #[command(subcommand)]
        how: Extract,
    },
    /// Run the simulated payment provider as a process of its own, for shops whose `BANYAN_PROVIDER_URL` leads to it. Its
    /// ledger is in the data directory, whatever database the shop has.
    PaymentsSimulator(PaymentsSimulator),
    /// Print who there is, who calls whom and who listens to whom, as the code has it. Needs no database.
    Map {
        /// As what.
        #[arg(long, default_value = "mermaid")]
        format: MapFormat,
    },
}

impl Commands for Command {
    fn asks(&self, demo: bool) -> Vec<&'static str> {
        match self {
            Self::Fsck => vec!["identity", "inventory", "catalog", "payments", "orders"],
            Self::Import { .. } => vec!["catalog", "inventory"],
            Self::Reconcile { .. } => vec!["payments"],
            Self::Admin { .. } => vec!["identity"],
            Self::Service(Service::Serve) if demo => vec!["identity", "inventory", "catalog"],
            Self::Service(service) => service.asks(demo),
            Self::Extract { .. } | Self::Map { .. } | Self::PaymentsSimulator(_) => Vec::new(),
        }
    }

    fn calls_contexts(&self) -> bool {
        match self {
            Self::Service(service) => service.calls_contexts(),
            Self::Import { .. } | Self::Admin { .. } | Self::Fsck | Self::Reconcile { .. } => true,
            Self::Extract { .. } | Self::Map { .. } | Self::PaymentsSimulator(_) => false,
        }
    }
}

impl From<Service> for Command {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

/// How the simulated payment provider behaves.
#[derive(Debug, Args)]
pub struct PaymentsSimulator {
    /// Where to listen. Port 0 takes a free one and prints it. It asks nobody who they are: keep it to yourself.
    #[arg(long, default_value = "127.0.0.1:9191")]
    pub listen: SocketAddr,
    /// What goes wrong, in percent of the requests, as in `timeout-after=10,error-after=5`: `timeout-after`,
    /// `timeout-before`, `error-after`, `cut-off`, `wrong-amount`, `conflict`, `busy`, `slow`; and in percent of the
    /// webhooks `webhook-doubled`, `webhook-reordered`, `webhook-dropped`. `GET /v1/faults` counts.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub faults: FaultProfile,
    /// Where it sends webhooks to, as `http://127.0.0.1:8080/api/v1/payments/webhooks/simulator`; signed with
    /// `BANYAN_PROVIDER_WEBHOOK_SECRET`, which is in the environment alone. Absent: it sends none.
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<WebhookUrl>,
    /// What the faults follow from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long an answer is held back that is not to arrive in time: longer than the shop waits.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=120_000))]
    pub hold_ms: u32,
    /// How long a slow answer takes.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=120_000))]
    pub slow_ms: u32,
}

/// How a context is lifted out.
#[derive(Debug, Subcommand)]
pub enum Extract {
    /// Write a crate of its own, which builds to a service that takes its place.
    Scaffold(Scaffold),
}

/// Which crate, and where to.
#[derive(Debug, Args)]
pub struct Scaffold {
    /// The context.
    pub context: String,
    /// The folder, which has to be empty or not there yet.
    #[arg(long)]
    pub out: PathBuf,
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

/// Which books are held against those of others.
#[derive(Debug, Subcommand)]
pub enum Reconcile {
    /// Compare our payments with the provider's ledger, and name what does not agree. Exit code 0: they agree (again), 1: they
    /// do not, 2: they could not be compared.
    Payments(ReconcilePayments),
}

/// Which payments, and what is done about them.
#[derive(Debug, Args)]
pub struct ReconcilePayments {
    /// Only what was begun since then: a time span as in `90m`, `24h` or `7d`, or a time as in `2026-11-25T00:00:00Z`.
    #[arg(long)]
    pub since: Option<Since>,
    /// Make what disagrees agree again, where that needs no person.
    #[arg(long)]
    pub apply: bool,
    /// What the report is written in.
    #[arg(long, default_value = "table")]
    pub format: ReportFormat,
}

/// What a report is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Table,
    /// For programs.
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
