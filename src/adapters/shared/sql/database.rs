//! A context's database: its pools and its transactions.

use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use r2d2::{Pool, PooledConnection};

use super::connection::{ConnectionMaker, DatabaseLocation, DbConn};
use super::errors::storage_error;
use super::unit_of_work;
use crate::ports::shared::failpoint::failpoint;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// How long a caller waits for a free connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

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
    /// # Errors
    /// Those of `statements`, after a rollback; [`StorageError::OutcomeUnknown`] when the commit itself failed.
    pub fn write<T>(&self, statements: impl FnOnce(&mut DbConn) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let connection = &mut *connection(&self.writers)?;
        begin(connection)?;
        match self.up_to_commit(connection, statements) {
            Ok(value) => {
                commit(connection, &self.name)?;
                failpoint!("commit.{}.after", self.name);
                Ok(value)
            }
            Err(error) => {
                if let Err(rollback) = <DbConn as Connection>::TransactionManager::rollback_transaction(connection) {
                    tracing::warn!(error = %rollback, "a transaction could not be rolled back; its connection is dropped");
                }
                Err(error)
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
        if matches!(connection, DbConn::Sqlite(_)) && error.to_string().contains("disk I/O error") {
            // After a failed fsync the kernel may have dropped the pages, and SQLite would acknowledge later commits
            // that are on no disk. What is on the disk is whole: start again from there.
            tracing::error!("the disk cannot be trusted: the process ends");
            std::process::abort();
        }
        StorageError::OutcomeUnknown(Box::new(error))
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
