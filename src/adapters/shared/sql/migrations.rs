//! Bringing a context's database to the form that this version expects.

use std::fs;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel::{Connection, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DatabaseLocation;
use crate::ports::shared::storage::{BoxedError, StorageError};

/// The tables that every context has, in both dialects.
const SHARED: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/shared/sqlite"),
    postgres: embed_migrations!("migrations/shared/postgres"),
};

/// A context's own migrations, in both dialects, embedded in the binary.
pub struct ContextMigrations {
    /// For `SQLite`.
    pub sqlite: EmbeddedMigrations,
    /// For `PostgreSQL`.
    pub postgres: EmbeddedMigrations,
}

/// Brings the database at `location` up to date: makes the file or the schema, then runs what is pending of the shared
/// migrations and of the context's own. Returns how many ran. Two processes that start at once take turns.
///
/// # Errors
/// [`StorageError::Unavailable`] when the database cannot be reached; [`StorageError::Other`] when a migration fails,
/// which leaves the database as it was before that migration.
pub fn migrate(location: &DatabaseLocation, own: ContextMigrations) -> Result<usize, StorageError> {
    match location {
        DatabaseLocation::SqliteFile(path) => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| StorageError::Unavailable(Box::new(error)))?;
            }
            let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(unreachable)?;
            connection
                .batch_execute("PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
                .map_err(failed)?;
            connection.exclusive_transaction(|connection| {
                Ok::<_, BoxedError>(
                    run::<Sqlite, _>(connection, SHARED.sqlite)? + run::<Sqlite, _>(connection, own.sqlite)?,
                )
            })
        }
        DatabaseLocation::PostgresSchema { url, schema } => {
            let mut connection = PgConnection::establish(url).map_err(unreachable)?;
            connection.transaction(|connection| {
                connection.batch_execute(&format!(
                    "SELECT pg_advisory_xact_lock(hashtextextended('banyan.migrations', 0)); \
                     SET LOCAL client_min_messages = warning; \
                     CREATE SCHEMA IF NOT EXISTS \"{schema}\"; SET LOCAL search_path TO \"{schema}\";"
                ))?;
                Ok::<_, BoxedError>(
                    run::<Pg, _>(connection, SHARED.postgres)? + run::<Pg, _>(connection, own.postgres)?,
                )
            })
        }
    }
    .map_err(StorageError::Other)
}

fn run<DB, C>(connection: &mut C, migrations: EmbeddedMigrations) -> Result<usize, BoxedError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(migrations)?;
    for migration in &pending {
        connection.run_migration(migration)?;
    }
    Ok(pending.len())
}

fn unreachable(error: diesel::ConnectionError) -> StorageError {
    StorageError::Unavailable(Box::new(error))
}

fn failed(error: diesel::result::Error) -> StorageError {
    StorageError::Other(Box::new(error))
}
