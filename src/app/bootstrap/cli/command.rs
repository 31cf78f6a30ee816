//! What the program can do.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::options::secret;
use crate::ports::identity::operations::Secret;

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
    /// Print the AsyncAPI document of the events. Needs no database.
    Asyncapi,
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
    /// The contexts that it asks, wherever they run. The demo shop is filled through those that it needs.
    pub(super) fn asks(&self, demo: bool) -> &'static [&'static str] {
        match self {
            Self::Fsck => &["identity", "inventory", "catalog", "payments", "orders"],
            Self::Import { .. } => &["catalog", "inventory"],
            Self::Admin { .. } => &["identity"],
            Self::Serve if demo => &["identity", "inventory", "catalog"],
            _ => &[],
        }
    }

    /// Whether it needs the contexts, and not just their databases or their descriptions.
    pub(super) fn calls_contexts(&self) -> bool {
        match self {
            Self::Serve | Self::Import { .. } | Self::Admin { .. } | Self::Fsck => true,
            Self::Migrate { .. } | Self::Openapi | Self::Asyncapi | Self::Contracts(_) | Self::Map { .. } => false,
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
