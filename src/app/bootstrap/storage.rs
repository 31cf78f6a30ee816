//! The contexts' databases, each with the tables that every context has.

use std::sync::Arc;

use super::bell::Bell;
use super::settings::Settings;
use super::start_error::StartError;
use crate::adapters::shared::sql::connection::DatabaseLocation;
use crate::adapters::shared::sql::consumers::SqlConsumerStore;
use crate::adapters::shared::sql::database::{Database, PoolSize};
use crate::adapters::shared::sql::event_log::SqlEventFeed;
use crate::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use crate::adapters::shared::sql::migrations::{ContextMigrations, migrate};
use crate::adapters::{catalog, identity, inventory, orders, payments};
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
    /// Rings when its log has grown.
    pub bell: Arc<Bell>,
    /// How many migrations ran when it was opened.
    pub migrated: usize,
}

/// The databases of all contexts.
pub struct Storages {
    /// Of identity.
    pub identity: Storage,
    /// Of the catalog.
    pub catalog: Storage,
    /// Of inventory.
    pub inventory: Storage,
    /// Of payments.
    pub payments: Storage,
    /// Of orders.
    pub orders: Storage,
}

impl Storages {
    /// Brings every database to the form that this version expects, and opens it.
    ///
    /// # Errors
    /// [`StartError::Database`].
    pub fn open(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self {
            identity: open(settings, "identity", identity::sql::MIGRATIONS)?,
            catalog: open(settings, "catalog", catalog::sql::MIGRATIONS)?,
            inventory: open(settings, "inventory", inventory::sql::MIGRATIONS)?,
            payments: open(settings, "payments", payments::sql::MIGRATIONS)?,
            orders: open(settings, "orders", orders::sql::MIGRATIONS)?,
        })
    }

    /// All of them.
    pub fn all(&self) -> [&Storage; 5] {
        [
            &self.identity,
            &self.catalog,
            &self.inventory,
            &self.payments,
            &self.orders,
        ]
    }
}

fn open(settings: &Settings, context: &'static str, own: ContextMigrations) -> Result<Storage, StartError> {
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
    Ok(Storage {
        context,
        keys: Arc::new(SqlIdempotencyStore::new(database.clone())),
        feed: Arc::new(SqlEventFeed::new(database.clone())),
        positions: Arc::new(SqlConsumerStore::new(database.clone())),
        database,
        bell,
        migrated,
    })
}
