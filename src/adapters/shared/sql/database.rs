//! A context's database: its pools and its transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::result::Error;
use diesel::sql_types::Bool;
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use r2d2::{Pool, PooledConnection};

use super::connection::{ConnectionMaker, DatabaseLocation, DbConn};
use super::errors::storage_error;
use super::{disk, unit_of_work};
use crate::ports::shared::failpoint::failpoint;
use crate::ports::shared::storage::{StorageError, UnitOfWork};

/// How long a caller waits for a free connection to a file. It is on this machine: only other callers are in the way.
const FILE_WAIT: Duration = Duration::from_secs(5);
/// How long a caller waits for a free connection to a server: what a short restart takes, and little enough to say no
/// within two seconds.
const SERVER_WAIT: Duration = Duration::from_millis(1_500);
/// How long a caller waits for a server that has not been there for a while.
const AWAY_WAIT: Duration = Duration::from_millis(100);
/// The longest pause between two attempts of a pool to connect, which go on whether somebody waits or not.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long a connection to a server is kept that nobody uses, and how long at most: r2d2's own defaults.
const IDLE_MAX: Duration = Duration::from_mins(10);
const LIFETIME_MAX: Duration = Duration::from_mins(30);

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
    maker: ConnectionMaker,
    readers: Pool<ConnectionMaker>,
    writers: Pool<ConnectionMaker>,
    events_committed: EventsCommitted,
    commits_in_order: bool,
    commits_since_checkpoint: Arc<AtomicU32>,
    made_room_for: Arc<AtomicU32>,
}

type Pooled = PooledConnection<ConnectionMaker>;

impl Database {
    /// Opens the pools; connects when first used.
    ///
    /// On `SQLite` there is one writing connection, because there can be one writer: callers queue for it in the order
    /// they came rather than poll for the file's lock.
    pub fn open(location: DatabaseLocation, size: PoolSize, events_committed: EventsCommitted) -> Self {
        let name = location.name().into();
        let commits_in_order = matches!(location, DatabaseLocation::SqliteFile(_));
        let is_server = !commits_in_order;
        let maker = ConnectionMaker::new(location);
        let pool = |connections: u32| {
            Pool::builder()
                .max_size(connections)
                .min_idle(Some(0))
                // Half of it is the longest pause between two attempts. How long callers wait is said where they do.
                .connection_timeout(RECONNECT_PAUSE_MAX * 2)
                // A file's last connection would make a checkpoint when it is closed, and keep to itself that the disk failed.
                .idle_timeout(is_server.then_some(IDLE_MAX))
                .max_lifetime(is_server.then_some(LIFETIME_MAX))
                .error_handler(Box::new(LogPoolErrors))
                .build_unchecked(maker.clone())
        };
        let readers = pool(size.connections);
        let writers = if commits_in_order { pool(1) } else { readers.clone() };
        Self {
            name,
            maker,
            readers,
            writers,
            events_committed,
            commits_in_order,
            commits_since_checkpoint: Arc::default(),
            made_room_for: Arc::default(),
        }
    }

    /// Runs queries outside of a transaction.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when no connection is to be had; else what `queries` returns.
    pub fn read<T>(&self, queries: impl FnOnce(&mut DbConn) -> diesel::QueryResult<T>) -> Result<T, StorageError> {
        // Who has the writing connection makes room as well.
        if self.room_is_wanted()
            && let Some(mut writer) = self.writers.try_get()
        {
            self.make_room(&mut writer.conn);
        }
        queries(&mut self.connection(&self.readers)?.conn).map_err(storage_error)
    }

    /// Runs `statements` in a write transaction: `BEGIN IMMEDIATE` on `SQLite` (a deferred one fails as soon as another
    /// wrote after its first read), READ COMMITTED on `PostgreSQL`.
    ///
    /// Ends the process when the disk under a file fails ([`disk`]).
    ///
    /// # Errors
    /// Those of `statements`, after a rollback; [`StorageError::OutcomeUnknown`] when the commit itself failed on a server.
    pub fn write<T>(&self, statements: impl FnOnce(&mut DbConn) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let connection = &mut self.connection(&self.writers)?.conn;
        if self.room_is_wanted() {
            self.make_room(connection);
        }
        begin(connection).map_err(|error| self.distrusted(connection, error))?;
        let written = match self.up_to_commit(connection, statements) {
            Ok(value) => commit(connection, &self.name).map(|()| value),
            Err(error) => {
                let error = self.distrusted(connection, error);
                if let Err(rollback) = <DbConn as Connection>::TransactionManager::rollback_transaction(connection) {
                    tracing::warn!(error = %rollback, "a transaction could not be rolled back; its connection is dropped");
                }
                Err(error)
            }
        };
        if let Err(error) = &written {
            disk::note_if_full(error);
        } else {
            failpoint!("commit.{}.after", self.name);
            self.checkpoint_when_due(connection);
        }
        written
    }

    /// The error, unless it tells that the disk under a file failed.
    fn distrusted(&self, connection: &DbConn, error: StorageError) -> StorageError {
        if let DbConn::Sqlite(_) = connection {
            disk::distrust_after(&error.with_sources(), &self.name);
        }
        error
    }

    /// Moves what was committed into the file, every [`COMMITS_TO_CHECKPOINT`] commits.
    fn checkpoint_when_due(&self, connection: &mut DbConn) {
        let DbConn::Sqlite(connection) = connection else { return };
        // Nobody else counts meanwhile: there is one writing connection.
        let commits = self.commits_since_checkpoint.fetch_add(1, Ordering::Relaxed) + 1;
        if commits >= COMMITS_TO_CHECKPOINT {
            self.checkpoint(connection, "PASSIVE");
        }
    }

    /// Whether a disk was full since this file's log was last given back. It may be the logs that fill it: each keeps what it
    /// once took, and without a commit no checkpoint is due.
    fn room_is_wanted(&self) -> bool {
        self.commits_in_order && self.made_room_for.load(Ordering::Relaxed) != disk::times_full()
    }

    fn make_room(&self, connection: &mut DbConn) {
        let times = disk::times_full();
        // Whoever reads is not waited for: the next one who comes tries again.
        if disk::without_waiting(connection, |connection| self.checkpoint(connection, "TRUNCATE")) {
            self.made_room_for.store(times, Ordering::Relaxed);
        }
    }

    /// `SQLite` would make checkpoints by itself, and keep to itself that the disk failed. Returns whether it is over for
    /// now; as long as somebody reads what was there before, it is not.
    fn checkpoint(&self, connection: &mut SqliteConnection, mode: &str) -> bool {
        let checkpoint = sql_query(format!("PRAGMA wal_checkpoint({mode})"));
        match checkpoint.get_result::<disk::Checkpoint>(connection) {
            Ok(outcome) if outcome.is_whole() => {
                self.commits_since_checkpoint.store(0, Ordering::Relaxed);
                true
            }
            // The next commit tries again.
            Ok(_partial) => false,
            Err(error) => {
                let error = error.to_string();
                disk::distrust_after(&error, &self.name);
                // On a full disk: what was committed stays in the log, and the next commit tries again.
                tracing::warn!(error, database = &*self.name, "a checkpoint failed");
                true
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

    /// Whether the database answers and can be written to: a standby, or a server that was told to be read-only, cannot.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when not.
    pub fn ping(&self) -> Result<(), StorageError> {
        let writable = self.read(|conn| match conn {
            DbConn::Sqlite(c) => c.batch_execute("SELECT 1").map(|()| true),
            DbConn::Postgres(c) => {
                diesel::select(sql::<Bool>("current_setting('transaction_read_only') = 'off'")).get_result(c)
            }
        })?;
        if writable {
            Ok(())
        } else {
            Err(StorageError::Unavailable("the server is read-only".into()))
        }
    }

    fn connection(&self, pool: &Pool<ConnectionMaker>) -> Result<Pooled, StorageError> {
        let away = self.maker.server_is_away();
        let wait = if self.commits_in_order {
            FILE_WAIT
        } else if away {
            AWAY_WAIT
        } else {
            SERVER_WAIT
        };
        pool.get_timeout(wait).map_err(|error| {
            // That a server is away was said when it was noticed; here it would be said for each request.
            if !away {
                tracing::warn!(database = &*self.name, %error, "no connection within {} ms", wait.as_millis());
            }
            StorageError::Unavailable(Box::new(error))
        })
    }
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

/// What a pool finds goes to the log, not to standard error.
#[derive(Debug)]
struct LogPoolErrors;

impl r2d2::HandleError<diesel::r2d2::Error> for LogPoolErrors {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        match error {
            diesel::r2d2::Error::QueryError(error) => tracing::debug!(%error, "a connection is given up"),
            // The maker of connections says when this begins and when it ends.
            diesel::r2d2::Error::ConnectionError(error) => tracing::debug!(%error, "cannot connect"),
        }
    }
}
