//! A connection to either database.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{Connection, ConnectionError, PgConnection, SqliteConnection};

use super::reachability::Reachability;

/// A connection to either database. Queries are written once and go through the derive; what it cannot express (upsert,
/// batch insert, set operations) is done row by row, and locking by a visible `match`.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    /// The embedded database: a file.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Where a context's tables are.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// A file of its own.
    SqliteFile(std::path::PathBuf),
    /// A schema of its own on a server.
    PostgresSchema {
        /// `postgres://user:password@host:port/database`, with the limits of
        /// [`PostgresUrl::to_connect`](super::postgres_url::PostgresUrl::to_connect).
        url: String,
        /// The schema: the context's name.
        schema: String,
    },
}

impl DatabaseLocation {
    /// What the schema or the file is called: the context's name, as a rule.
    pub fn name(&self) -> String {
        match self {
            Self::SqliteFile(path) => path
                .file_stem()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            Self::PostgresSchema { schema, .. } => schema.clone(),
        }
    }
}

/// Without the URL: it holds a password.
impl fmt::Debug for DatabaseLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => f.debug_tuple("SqliteFile").field(path).finish(),
            Self::PostgresSchema { schema, .. } => write!(f, "PostgresSchema {{ schema: {schema:?}, .. }}"),
        }
    }
}

/// How long `SQLite` waits for another process's write transaction before it gives up. Within this process writers
/// queue for the one writing connection instead.
pub(super) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a statement waits for a lock on `PostgreSQL`. Longer than a deadlock takes to be found (1 s), shorter than a
/// client waits: who holds it so long is stuck, or somebody's maintenance.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a statement may take on `PostgreSQL`: several of them fit into the time of a request.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transaction may stand still on `PostgreSQL` before the server ends it: its process hangs, and others wait
/// for its locks.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection of a pool.
pub struct PooledConn {
    /// The connection.
    pub conn: DbConn,
    opened: Instant,
}

/// Opens connections for the pool.
#[derive(Debug, Clone)]
pub struct ConnectionMaker {
    location: DatabaseLocation,
    server: Arc<Reachability>,
}

impl ConnectionMaker {
    /// Opens connections to `location`.
    pub fn new(location: DatabaseLocation) -> Self {
        Self {
            location,
            server: Arc::default(),
        }
    }

    /// Whether the server cannot be reached and has not been for a while.
    pub fn server_is_away(&self) -> bool {
        self.server.is_away(Instant::now())
    }

    fn open(&self) -> Result<DbConn, diesel::r2d2::Error> {
        let establish = |error: ConnectionError| diesel::r2d2::Error::ConnectionError(error);
        match &self.location {
            DatabaseLocation::SqliteFile(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(establish)?;
                // WAL with synchronous=FULL: a commit that was acknowledged is on the disk. Checkpoints are ours to make: see
                // `Database::write`.
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON;",
                        SQLITE_BUSY_TIMEOUT.as_millis()
                    ))
                    .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(DbConn::Sqlite(connection))
            }
            DatabaseLocation::PostgresSchema { url, schema } => {
                let mut connection = PgConnection::establish(url).map_err(establish)?;
                connection
                    .batch_execute(&format!(
                        "SET search_path TO \"{schema}\"; SET TIME ZONE 'UTC'; SET lock_timeout = {}; \
                         SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {};",
                        LOCK_TIMEOUT.as_millis(),
                        STATEMENT_TIMEOUT.as_millis(),
                        IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
                    ))
                    .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(DbConn::Postgres(connection))
            }
        }
    }
}

impl r2d2::ManageConnection for ConnectionMaker {
    type Connection = PooledConn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<PooledConn, Self::Error> {
        if !self.server.may_try(Instant::now()) {
            return Err(without_asking("nobody could connect just now"));
        }
        match self.open() {
            Ok(conn) => {
                let opened = Instant::now();
                if let Some(outage) = self.server.connected(opened) {
                    tracing::info!(database = self.location.name(), ?outage, "connects to its server again");
                }
                Ok(PooledConn { conn, opened })
            }
            Err(error) => {
                if self.server.failed(Instant::now()) {
                    tracing::warn!(database = self.location.name(), %error, "cannot connect; tries again until it can");
                }
                Err(error)
            }
        }
    }

    fn is_valid(&self, pooled: &mut PooledConn) -> Result<(), Self::Error> {
        let DbConn::Postgres(conn) = &mut pooled.conn else {
            return Ok(());
        };
        if self.server.is_doubtful(pooled.opened) {
            return Err(without_asking("its server did not answer another one"));
        }
        let asked = Instant::now();
        conn.batch_execute("SELECT 1").map_err(|error| {
            self.server.broke(asked, Instant::now());
            diesel::r2d2::Error::QueryError(error)
        })
    }

    fn has_broken(&self, pooled: &mut PooledConn) -> bool {
        std::thread::panicking() || diesel::r2d2::R2D2Connection::is_broken(&mut pooled.conn)
    }
}

fn without_asking(why: &str) -> diesel::r2d2::Error {
    let why = Box::new(why.to_owned());
    diesel::r2d2::Error::QueryError(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, why))
}
