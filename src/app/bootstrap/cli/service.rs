//! What the program can do with any set of contexts, and so what the program of a single one can do.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::contexts;
use super::super::rooms::Blueprint;
use super::Commands;
use super::events::Events;

/// What the program can do with the contexts that it has.
#[derive(Debug, Subcommand)]
pub enum Service {
    /// Run the shop. This is what happens without a command.
    Serve,
    /// Bring the databases to the form that this version expects, and end.
    Migrate(Migrate),
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Print the AsyncAPI document of the events. Needs no database.
    Asyncapi,
    /// Print what the messages between the contexts look like. Needs no database.
    Contracts(Contracts),
    /// Look after what the contexts tell each other.
    Events {
        /// What of it.
        #[command(subcommand)]
        what: Events,
    },
}

impl Commands for Service {
    fn asks(&self, _demo: bool) -> Vec<&'static str> {
        let Self::Events {
            what: Events::DeadLetters { action },
        } = self
        else {
            return Vec::new();
        };
        let asked = |room: &&Blueprint| action.context().is_none_or(|context| context == room.name);
        let listening = contexts::ALL.iter().filter(|room| !room.consumers.is_empty());
        listening.filter(asked).map(|room| room.name).collect()
    }

    fn calls_contexts(&self) -> bool {
        match self {
            Self::Serve | Self::Events { .. } => true,
            Self::Migrate { .. } | Self::Openapi | Self::Asyncapi | Self::Contracts(_) => false,
        }
    }
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
