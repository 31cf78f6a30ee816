//! A connection to either database.

use std::fmt;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, PgConnection, SqliteConnection};

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
        /// `postgres://user:password@host:port/database`.
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
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens connections for the pool.
#[derive(Debug, Clone)]
pub struct ConnectionMaker {
    location: DatabaseLocation,
}

impl ConnectionMaker {
    /// Opens connections to `location`.
    pub fn new(location: DatabaseLocation) -> Self {
        Self { location }
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
                        "SET search_path TO \"{schema}\"; SET TIME ZONE 'UTC'; SET statement_timeout = '30s'; \
                         SET idle_in_transaction_session_timeout = '30s';"
                    ))
                    .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(DbConn::Postgres(connection))
            }
        }
    }
}

impl r2d2::ManageConnection for ConnectionMaker {
    type Connection = DbConn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<DbConn, Self::Error> {
        self.open()
    }

    fn is_valid(&self, connection: &mut DbConn) -> Result<(), Self::Error> {
        match connection {
            DbConn::Sqlite(_) => Ok(()),
            DbConn::Postgres(c) => c.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError),
        }
    }

    fn has_broken(&self, connection: &mut DbConn) -> bool {
        std::thread::panicking() || diesel::r2d2::R2D2Connection::is_broken(connection)
    }
}
