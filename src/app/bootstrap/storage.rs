//! The contexts' databases, each with the tables that every context has.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::settings::Settings;
use super::start_error::StartError;
use crate::adapters::shared::sql::connection::DatabaseLocation;
use crate::adapters::shared::sql::consumers::SqlConsumerStore;
use crate::adapters::shared::sql::database::{Database, PoolSize};
use crate::adapters::shared::sql::dead_letters::SqlDeadLetterStore;
use crate::adapters::shared::sql::event_log::SqlEventFeed;
use crate::adapters::shared::sql::idempotency::SqlIdempotencyStore;
use crate::adapters::shared::sql::leases::SqlLeaseStore;
use crate::adapters::shared::sql::migrations::{ContextMigrations, migrate, reach};
use crate::ports::shared::dead_letters::DeadLetterStore;
use crate::ports::shared::events::{ConsumerStore, EventFeed};
use crate::ports::shared::idempotency::IdempotencyStore;
use crate::ports::shared::lease::LeaseStore;
use crate::ports::shared::storage::StorageError;

/// Connections of a context for reading, beside the one that writes: readers of a file share two cores and its cache.
const SQLITE_READERS: u32 = 4;
/// Connections of a context: five contexts of two processes fit into 200, which a server takes without tuning.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Pause after the first attempt to reach a server at the start; each further one is twice as long, up to
/// [`PAUSE_MAX`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(2);

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
    /// Which process does what; none for a file, which belongs to one.
    pub leases: Option<Arc<dyn LeaseStore>>,
    /// Rings when its log has grown.
    pub bell: Arc<Bell>,
    /// How many migrations ran when it was opened.
    pub migrated: usize,
}

impl Storage {
    /// Brings the database of `context` to the form that this version expects, and opens it. A server that is not there
    /// yet is waited for.
    ///
    /// # Errors
    /// [`StartError::Database`].
    pub fn open(settings: &Settings, context: &'static str, own: ContextMigrations) -> Result<Self, StartError> {
        let location = settings.database_of(context);
        let migrated = when_it_answers(context, settings.timers.database_wait, || reach(&location))
            .and_then(|()| migrate(&location, own))
            .map_err(|source| StartError::Database {
                context,
                variable: settings.databases.variable_of(context),
                source,
            })?;
        if migrated > 0 {
            tracing::info!(context, migrated, "migrations ran");
        }
        let is_a_file = settings.databases.is_a_file(context);
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
            leases: (!is_a_file).then(|| -> Arc<dyn LeaseStore> { Arc::new(SqlLeaseStore::new(database.clone())) }),
            database,
            bell,
            migrated,
        })
    }
}

/// Tries again while the database is away, for as long as there is patience.
fn when_it_answers(
    context: &str,
    patience: Duration,
    reach: impl Fn() -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let until = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        match reach() {
            Err(error @ StorageError::Unavailable(_)) if Instant::now() + pause <= until => {
                let seconds_left = until.saturating_duration_since(Instant::now()).as_secs();
                let error = error.with_sources();
                tracing::warn!(context, error, seconds_left, "the database is waited for");
                thread::sleep(pause);
                pause = PAUSE_MAX.min(pause * 2);
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_database_that_comes_late_is_waited_for() {
        let attempts = Cell::new(0);
        let outcome = when_it_answers("catalog", Duration::from_mins(1), || {
            attempts.set(attempts.get() + 1);
            if attempts.get() < 3 {
                Err(StorageError::Unavailable("refused".into()))
            } else {
                Ok(())
            }
        });
        assert!(outcome.is_ok() && attempts.get() == 3);
    }

    #[test]
    fn patience_ends_and_what_will_not_pass_is_not_waited_for() {
        let attempts = Cell::new(0);
        let fail = |error: fn() -> StorageError, patience| {
            attempts.set(0);
            when_it_answers("catalog", patience, || {
                attempts.set(attempts.get() + 1);
                Err(error())
            })
            .unwrap_err()
        };
        let away = || StorageError::Unavailable("refused".into());
        assert!(matches!(fail(away, FIRST_PAUSE * 4), StorageError::Unavailable(_)));
        assert!(
            (2..=3).contains(&attempts.get()),
            "after 100 and, if that was in time, 200 ms"
        );
        fail(away, Duration::ZERO);
        assert_eq!(attempts.get(), 1);
        let refused = || StorageError::Other("the password is wrong".into());
        assert!(matches!(fail(refused, Duration::from_mins(1)), StorageError::Other(_)));
        assert_eq!(attempts.get(), 1);
    }
}
