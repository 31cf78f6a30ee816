//! The contexts' databases, each with the tables that every context has.

use std::sync::Arc;

use super::bell::Bell;
use super::settings::Settings;
use super::start_error::StartError;
use crate::adapters::shared::sql::connection::DatabaseLocation;
use crate::adapters::shared::sql::consumers::SqlConsumerStore;
use crate::adapters::shared::sql::database::{Database, PoolSize};
use crate::adapters::shared::sql::dead_letters::SqlDeadLetterStore;
use crate::adapters::shared::sql::event_log::SqlEventFeed;
use crate::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use crate::adapters::shared::sql::migrations::{ContextMigrations, migrate};
use crate::ports::shared::dead_letters::DeadLetterStore;
use crate::ports::shared::events::{ConsumerStore, EventFeed};
use crate::ports::shared::idempotency::IdempotencyStore;

/// Connections of a context for reading, beside the one that writes: readers of a file share two cores and its cache.
const SQLITE_READERS: u32 = 4;
/// Connections of a context: five contexts of two processes fit into 200, which a server takes without tuning.
const POSTGRES_CONNECTIONS: u32 = 16;

/// A context's database.
pub struct Storage {
    /// The context.
    pub context: &'static str,
    /// The pools.
    pub database: Arc<Database>,
    /// Its idempotency keys.
    pub keys: Arc<dyn IdempotencyStore>,
    /// Its event log.
    pub feed: Arc<dyn EventFeed>,
    /// Where its own consumers stand.
    pub positions: Arc<dyn ConsumerStore>,
    /// What they have parked.
    pub letters: Arc<dyn DeadLetterStore>,
    /// Rings when its log has grown.
    pub bell: Arc<Bell>,
    /// How many migrations ran when it was opened.
    pub migrated: usize,
}

impl Storage {
    /// Brings the database of `context` to the form that this version expects, and opens it.
    ///
    /// # Errors
    /// [`StartError::Database`].
    pub fn open(settings: &Settings, context: &'static str, own: ContextMigrations) -> Result<Self, StartError> {
        let location = settings.database_of(context);
        let migrated = migrate(&location, own).map_err(|source| StartError::Database {
            context,
            variable: settings.databases.variable_of(context),
            source,
        })?;
        if migrated > 0 {
            tracing::info!(context, migrated, "migrations ran");
        }
        let connections = match location {
            DatabaseLocation::SqliteFile(_) => SQLITE_READERS,
            DatabaseLocation::PostgresSchema { .. } => POSTGRES_CONNECTIONS,
        };
        let bell = Arc::new(Bell::default());
        let ring = bell.clone();
        let database = Arc::new(Database::open(
            location,
            PoolSize { connections },
            Arc::new(move || ring.ring()),
        ));
        Ok(Self {
            context,
            keys: Arc::new(SqlIdempotencyStore::new(database.clone())),
            feed: Arc::new(SqlEventFeed::new(database.clone())),
            positions: Arc::new(SqlConsumerStore::new(database.clone())),
            letters: Arc::new(SqlDeadLetterStore::new(database.clone())),
            database,
            bell,
            migrated,
        })
    }
}
