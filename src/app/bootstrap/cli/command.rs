//! What the program of the whole shop can do.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Commands;
use super::options::secret;
use super::service::Service;
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
    /// Lift a context out. Needs no database.
    Extract {
        /// How far.
        #[command(subcommand)]
        how: Extract,
    },
    /// Print who there is, who calls whom and who listens to whom, as the code has it. Needs no database.
    Map {
        /// As what.
        #[arg(long, default_value = "mermaid")]
        format: MapFormat,
    },
}

impl Commands for Command {
    fn asks(&self, demo: bool) -> &'static [&'static str] {
        match self {
            Self::Fsck => &["identity", "inventory", "catalog", "payments", "orders"],
            Self::Import { .. } => &["catalog", "inventory"],
            Self::Admin { .. } => &["identity"],
            Self::Service(Service::Serve) if demo => &["identity", "inventory", "catalog"],
            _ => &[],
        }
    }

    fn calls_contexts(&self) -> bool {
        match self {
            Self::Service(service) => service.calls_contexts(),
            Self::Import { .. } | Self::Admin { .. } | Self::Fsck => true,
            Self::Extract { .. } | Self::Map { .. } => false,
        }
    }
}

impl From<Service> for Command {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
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
