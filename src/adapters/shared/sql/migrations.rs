//! Bringing a context's database to the form that this version expects.

use std::collections::BTreeSet;
use std::fs;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DatabaseLocation;
use crate::ports::shared::storage::{BoxedError, StorageError};

/// The tables that every context has, in both dialects.
const SHARED: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/shared/sqlite"),
    postgres: embed_migrations!("migrations/shared/postgres"),
};

/// What a server says to whom it will not let in a moment later either.
const REFUSALS: [&str; 5] = [
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
    "is not permitted to log in",
];

/// A context's own migrations, in both dialects, embedded in the binary.
pub struct ContextMigrations {
    /// For `SQLite`.
    pub sqlite: EmbeddedMigrations,
    /// For `PostgreSQL`.
    pub postgres: EmbeddedMigrations,
}

/// Migrations are pending, and whoever connects may not run them: a role of a context, which owns nothing.
#[derive(Debug, thiserror::Error)]
#[error(
    "{pending} migrations are pending and the role {role:?} may not run them: let the owner run `banyan migrate` first"
)]
struct NotTheOwner {
    pending: usize,
    role: String,
}

/// Connects once, where there is a server to connect to.
///
/// # Errors
/// [`StorageError::Unavailable`] when it cannot be reached now; [`StorageError::Other`] when it lets nobody in who comes like
/// this.
pub fn reach(location: &DatabaseLocation) -> Result<(), StorageError> {
    match location {
        DatabaseLocation::SqliteFile(_) => Ok(()),
        DatabaseLocation::PostgresSchema { url, .. } => PgConnection::establish(url).map(drop).map_err(unreachable),
    }
}

/// Brings the database at `location` up to date: makes the file or the schema, then runs what is pending of the shared
/// migrations and of the context's own. Returns how many ran. Two processes that start at once take turns. Where nothing
/// is pending, on `PostgreSQL`, no right is needed but to read the schema.
///
/// # Errors
/// [`StorageError::Unavailable`] when the database cannot be reached now; [`StorageError::Other`] when it lets nobody in who
/// comes like this, when a migration fails, which leaves the database as it was before that migration, or when one is
/// pending and may not be run by this role.
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
            migrate_schema(&mut connection, schema, own.postgres)
        }
    }
    .map_err(StorageError::Other)
}

/// What a schema is to whoever connects.
#[derive(QueryableByName)]
struct SchemaState {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    exists: bool,
    #[diesel(sql_type = Bool)]
    has_history: bool,
    #[diesel(sql_type = Bool)]
    may_migrate: bool,
}

#[derive(QueryableByName)]
struct AppliedMigration {
    #[diesel(sql_type = Text)]
    version: String,
}

fn migrate_schema(connection: &mut PgConnection, schema: &str, own: EmbeddedMigrations) -> Result<usize, BoxedError> {
    let state: SchemaState = diesel::sql_query(
        "SELECT current_user::text AS role, namespace.oid IS NOT NULL AS exists, history.oid IS NOT NULL AS has_history, \
         CASE WHEN namespace.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE') \
         ELSE has_schema_privilege(namespace.oid, 'CREATE') END AS may_migrate \
         FROM (VALUES (1)) AS one LEFT JOIN pg_namespace AS namespace ON namespace.nspname = $1 \
         LEFT JOIN pg_class AS history \
         ON history.relnamespace = namespace.oid AND history.relname = '__diesel_schema_migrations'",
    )
    .bind::<Text, _>(schema)
    .get_result(connection)?;
    // diesel's own answer to what is pending begins with making its table, which takes the right to make one.
    let pending = pending_in(connection, schema, state.has_history, [&SHARED.postgres, &own])?;
    if pending == 0 {
        return Ok(0);
    }
    if !state.may_migrate {
        let role = state.role;
        return Err(Box::new(NotTheOwner { pending, role }));
    }
    connection.transaction(|connection| {
        connection.batch_execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('banyan.migrations', 0)); \
             SET LOCAL client_min_messages = warning;",
        )?;
        if !state.exists {
            // Another process may have made it by now.
            connection.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""))?;
        }
        connection.batch_execute(&format!("SET LOCAL search_path TO \"{schema}\""))?;
        Ok(run::<Pg, _>(connection, SHARED.postgres)? + run::<Pg, _>(connection, own)?)
    })
}

/// How many of these migrations have not run in the schema.
fn pending_in(
    connection: &mut PgConnection,
    schema: &str,
    has_history: bool,
    known: [&EmbeddedMigrations; 2],
) -> Result<usize, BoxedError> {
    let applied: Vec<AppliedMigration> = if has_history {
        diesel::sql_query(format!(
            "SELECT version::text AS version FROM \"{schema}\".__diesel_schema_migrations"
        ))
        .load(connection)?
    } else {
        Vec::new()
    };
    let applied: BTreeSet<String> = applied.into_iter().map(|migration| migration.version).collect();
    let mut pending = 0;
    for source in known {
        let migrations = MigrationSource::<Pg>::migrations(source)?;
        pending += migrations
            .iter()
            .filter(|migration| !applied.contains(&migration.name().version().to_string()))
            .count();
    }
    Ok(pending)
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
    let said = error.to_string();
    if REFUSALS.iter().any(|refusal| said.contains(refusal)) {
        StorageError::Other(Box::new(error))
    } else {
        StorageError::Unavailable(Box::new(error))
    }
}

fn failed(error: diesel::result::Error) -> StorageError {
    StorageError::Other(Box::new(error))
}
