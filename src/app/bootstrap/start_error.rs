//! Why the shop does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::admin::CreateAdminError;
use super::demo::DemoError;
use crate::adapters::identity::tokens::keys::KeyError;
use crate::ports::identity::outbound::HashingError;
use crate::ports::shared::storage::StorageError;

/// Why the shop does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("the data directory {path} cannot be used")]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server uses the data directory.
    #[error("another server runs {context} on the data directory {path}")]
    DataDirInUse {
        /// Which.
        path: PathBuf,
        /// Whose file it has.
        context: &'static str,
    },
    /// A database cannot be opened or brought up to date.
    #[error("the database of {context} ({variable}) cannot be opened")]
    Database {
        /// Whose.
        context: &'static str,
        /// Where it was set which database that is.
        variable: String,
        /// Why.
        source: StorageError,
    },
    /// Somebody here listens to a context that runs neither here nor at a known place.
    #[error("{context} runs neither here nor at a known place")]
    UnknownPlace {
        /// Which.
        context: &'static str,
    },
    /// The contexts' roles cannot be made.
    #[error("the roles of the contexts cannot be made")]
    Roles(#[source] StorageError),
    /// The simulated payment provider has no ledger.
    #[error("the ledger of the simulated payment provider cannot be opened")]
    Simulator(#[source] StorageError),
    /// There is nothing to sign access tokens with.
    #[error("there are no keys to sign access tokens with")]
    Keys(#[from] KeyError),
    /// Passwords cannot be hashed.
    #[error("passwords cannot be hashed")]
    Hashing(#[from] HashingError),
    /// The first admin cannot be made.
    #[error("the first admin (BANYAN_ADMIN_EMAIL, BANYAN_ADMIN_PASSWORD)")]
    FirstAdmin(#[source] CreateAdminError),
    /// The demo shop cannot be opened.
    #[error("the demo shop cannot be opened")]
    Demo(#[from] DemoError),
    /// There are no threads for the workers.
    #[error("the workers cannot be started")]
    Workers(#[source] io::Error),
    /// The process could not be told to stop.
    #[error("signals cannot be listened for")]
    Signals(#[source] io::Error),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server broke off.
    #[error("the server broke off")]
    Server(#[source] io::Error),
}
