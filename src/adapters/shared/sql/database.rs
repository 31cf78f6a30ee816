//! A context's database: its pools and its transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::Error;
use r2d2::{Pool, PooledConnection};

use super::connection::{ConnectionMaker, DatabaseLocation, DbConn};
use super::errors::storage_error;
use super::{disk, unit_of_work};
use crate::ports::shared::failpoint::failpoint;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// How long a caller waits for a free connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// Commits between two checkpoints of a file. Each is some ten pages, so that the log stays at some thousand pages (4 MB), as
/// `SQLite` keeps it by itself.
const COMMITS_TO_CHECKPOINT: u32 = 100;

/// Told after each commit that brought events, so that readers need not wait for their next poll.
pub type EventsCommitted = Arc<dyn Fn() + Send + Sync>;

/// How many connections a context may hold.
#[derive(Debug, Clone, Copy)]
pub struct PoolSize {
    /// Connections for reading on `SQLite`; all connections on `PostgreSQL`.
    pub connections: u32,
}

/// A context's database.
#[derive(Clone)]
pub struct Database {
    name: Arc<str>,
    readers: Pool<ConnectionMaker>,
    writers: Pool<ConnectionMaker>,
    events_committed: EventsCommitted,
    commits_in_order: bool,
    commits_since_checkpoint: Arc<AtomicU32>,
}

type Pooled = PooledConnection<ConnectionMaker>;

impl Database {
    /// Opens the pools; connects when first used.
    ///
    /// On `SQLite` there is one writing connection, because there can be one writer: callers queue for it in the order
    /// they came rather than poll for the file's lock.
    pub fn open(location: DatabaseLocation, size: PoolSize, events_committed: EventsCommitted) -> Self {
        let pool = |location: DatabaseLocation, connections: u32| {
            Pool::builder()
                .max_size(connections)
                .min_idle(Some(0))
                .connection_timeout(CONNECTION_WAIT)
                .error_handler(Box::new(LogPoolErrors))
                .build_unchecked(ConnectionMaker::new(location))
        };
        let readers = pool(location.clone(), size.connections);
        let name = location.name().into();
        let commits_in_order = matches!(location, DatabaseLocation::SqliteFile(_));
        let writers = match &location {
            DatabaseLocation::SqliteFile(_) => pool(location, 1),
            DatabaseLocation::PostgresSchema { .. } => readers.clone(),
        };
        Self {
            name,
            readers,
            writers,
            events_committed,
            commits_in_order,
            commits_since_checkpoint: Arc::default(),
        }
    }

    /// Runs queries outside of a transaction.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when no connection is to be had; else what `queries` returns.
    pub fn read<T>(&self, queries: impl FnOnce(&mut DbConn) -> diesel::QueryResult<T>) -> Result<T, StorageError> {
        queries(&mut *connection(&self.readers)?).map_err(storage_error)
    }

    /// Runs `statements` in a write transaction: `BEGIN IMMEDIATE` on `SQLite` (a deferred one fails as soon as another
    /// wrote after its first read), READ COMMITTED on `PostgreSQL`.
    ///
    /// Ends the process when the disk under a file fails ([`disk`]).
    ///
    /// # Errors
    /// Those of `statements`, after a rollback; [`StorageError::OutcomeUnknown`] when the commit itself failed on a server.
    pub fn write<T>(&self, statements: impl FnOnce(&mut DbConn) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let connection = &mut *connection(&self.writers)?;
        begin(connection).map_err(|error| self.distrusted(connection, error))?;
        match self.up_to_commit(connection, statements) {
            Ok(value) => {
                commit(connection, &self.name)?;
                failpoint!("commit.{}.after", self.name);
                self.checkpoint(connection);
                Ok(value)
            }
            Err(error) => {
                let error = self.distrusted(connection, error);
                if let Err(rollback) = <DbConn as Connection>::TransactionManager::rollback_transaction(connection) {
                    tracing::warn!(error = %rollback, "a transaction could not be rolled back; its connection is dropped");
                }
                Err(error)
            }
        }
    }

    /// The error, unless it tells that the disk under a file failed.
    fn distrusted(&self, connection: &DbConn, error: StorageError) -> StorageError {
        if let DbConn::Sqlite(_) = connection {
            disk::distrust_after(&error.with_sources(), &self.name);
        }
        error
    }

    /// Moves what was committed into the file, every [`COMMITS_TO_CHECKPOINT`] commits. `SQLite` would do so by itself, and
    /// keep to itself that the disk failed.
    fn checkpoint(&self, connection: &mut DbConn) {
        let DbConn::Sqlite(connection) = connection else { return };
        // Nobody else counts meanwhile: there is one writing connection.
        let commits = self.commits_since_checkpoint.fetch_add(1, Ordering::Relaxed) + 1;
        if commits < COMMITS_TO_CHECKPOINT {
            return;
        }
        match connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            Ok(()) => self.commits_since_checkpoint.store(0, Ordering::Relaxed),
            Err(error) => {
                let error = error.to_string();
                disk::distrust_after(&error, &self.name);
                // On a full disk: what was committed stays in the log, and the next commit tries again.
                tracing::warn!(error, database = &*self.name, "a checkpoint failed");
            }
        }
    }

    fn up_to_commit<T>(
        &self,
        connection: &mut DbConn,
        statements: impl FnOnce(&mut DbConn) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let value = statements(connection)?;
        failpoint!("commit.{}.before", self.name);
        Ok(value)
    }

    /// Writes an aggregate and everything that belongs to it in one transaction: first `statements`, then the unit's
    /// saga, key and delivery, the events last (see [`super::event_log`] for why last).
    ///
    /// # Errors
    /// As [`Self::write`]; those of the unit's parts as [`UnitOfWork`] promises.
    pub fn commit<T>(
        &self,
        unit: &UnitOfWork,
        statements: impl FnOnce(&mut DbConn) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let value = self.write(|conn| {
            let value = statements(conn)?;
            unit_of_work::write(conn, unit)?;
            Ok(value)
        })?;
        self.tell_of(unit);
        Ok(value)
    }

    /// As [`Self::commit`], for a unit that `statements` make: because it holds figures that are known only once the
    /// rows are locked.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_with<T>(
        &self,
        statements: impl FnOnce(&mut DbConn) -> Result<(T, UnitOfWork), StorageError>,
    ) -> Result<T, StorageError> {
        let (value, unit) = self.write(|conn| {
            let (value, unit) = statements(conn)?;
            unit_of_work::write(conn, &unit)?;
            Ok((value, unit))
        })?;
        self.tell_of(&unit);
        Ok(value)
    }

    fn tell_of(&self, unit: &UnitOfWork) {
        if !unit.events.is_empty() {
            (self.events_committed)();
        }
    }

    /// Whether what begins to write first also commits first: on `SQLite`, where there is one writer at a time.
    pub fn commits_in_order(&self) -> bool {
        self.commits_in_order
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when not.
    pub fn ping(&self) -> Result<(), StorageError> {
        self.read(|conn| conn.batch_execute("SELECT 1"))
    }
}

fn connection(pool: &Pool<ConnectionMaker>) -> Result<Pooled, StorageError> {
    pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection within {} s", CONNECTION_WAIT.as_secs());
        StorageError::Unavailable(Box::new(error))
    })
}

fn begin(connection: &mut DbConn) -> Result<(), StorageError> {
    match connection {
        DbConn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        DbConn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
    .map_err(storage_error)
}

fn commit(connection: &mut DbConn, database: &str) -> Result<(), StorageError> {
    <DbConn as Connection>::TransactionManager::commit_transaction(connection).map_err(|error| {
        tracing::error!(%error, database, "a commit failed");
        let DbConn::Sqlite(_) = connection else {
            return StorageError::OutcomeUnknown(Box::new(error));
        };
        disk::distrust_after(&error.to_string(), database);
        // Whatever else fails was rolled back: the commit did not take place.
        match error {
            Error::RollbackErrorOnCommit { commit_error, .. } => storage_error(*commit_error),
            error => storage_error(error),
        }
    })
}

/// Connection errors go to the log, not to standard error.
#[derive(Debug)]
struct LogPoolErrors;

impl r2d2::HandleError<diesel::r2d2::Error> for LogPoolErrors {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!(%error, "cannot connect to the database");
    }
}
