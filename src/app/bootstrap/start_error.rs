//! Why the shop does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::ports::shared::storage::{BoxedError, StorageError};

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
    /// What was set makes no sense to a context.
    #[error("{0}")]
    Setting(String),
    /// Something that a context or the shop needs is not there.
    #[error("{what}")]
    Part {
        /// What, and to whom.
        what: &'static str,
        /// Why.
        source: BoxedError,
    },
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

impl StartError {
    /// Something is not there, for this reason.
    pub fn part(what: &'static str, source: impl Into<BoxedError>) -> Self {
        let source = source.into();
        Self::Part { what, source }
    }
}
