//! Databases for one test each: a fresh file, or a fresh database on the private server that `./test` started.

use std::sync::Arc;

use banyan::adapters::shared::sql::connection::DatabaseLocation;
use banyan::adapters::shared::sql::database::{Database, PoolSize};
use banyan::adapters::shared::sql::migrations::{ContextMigrations, migrate};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// A context's database, migrated, and gone when this is dropped.
pub struct TestDatabase {
    pub database: Arc<Database>,
    pub location: DatabaseLocation,
    _home: Home,
}

/// What has to be cleaned away.
pub enum Home {
    Folder(#[expect(dead_code, reason = "held to be dropped")] tempfile::TempDir),
    Postgres(#[expect(dead_code, reason = "held to be dropped")] PostgresDatabase),
}

/// A database on the private server, dropped with this value.
pub struct PostgresDatabase {
    pub url: String,
    pub server_url: String,
    name: String,
}

impl PostgresDatabase {
    /// Makes a database on the server that `BANYAN_TEST_POSTGRES_URL` names; `./test` sets it.
    pub fn create() -> Self {
        let server_url = std::env::var("BANYAN_TEST_POSTGRES_URL")
            .expect("BANYAN_TEST_POSTGRES_URL is not set: run ./test, which starts a private PostgreSQL");
        let name = format!("t_{}", uuid::Uuid::from_u128(rand_bits()).simple());
        let mut server = PgConnection::establish(&server_url).expect("the private PostgreSQL answers");
        server
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database can be made");
        let (base, _default) = server_url.rsplit_once('/').expect("the URL names a database");
        Self {
            url: format!("{base}/{name}"),
            server_url,
            name,
        }
    }
}

impl PostgresDatabase {
    /// Whether it takes no writes, from the next connections on: those that there are are ended.
    pub fn set_read_only(&self, read_only: bool) {
        let mut server = PgConnection::establish(&self.server_url).expect("the private PostgreSQL answers");
        let name = &self.name;
        server
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET default_transaction_read_only = {read_only}; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ))
            .expect("a database can be made read-only");
    }

    /// Drops it under the feet of whoever uses it.
    pub fn drop_now(&self) {
        if let Ok(mut server) = PgConnection::establish(&self.server_url) {
            let _ = server.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        self.drop_now();
    }
}

/// Bits for a name that nobody else has.
pub fn rand_bits() -> u128 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let half = || u128::from(RandomState::new().build_hasher().finish());
    (half() << 64) | half()
}

/// A fresh file for `context`.
pub fn sqlite(context: &str, migrations: ContextMigrations) -> TestDatabase {
    let folder = tempfile::tempdir().unwrap();
    let location = DatabaseLocation::SqliteFile(folder.path().join(format!("{context}.sqlite3")));
    open(location, migrations, Home::Folder(folder))
}

/// A fresh schema for `context` in a fresh database.
pub fn postgres(context: &str, migrations: ContextMigrations) -> TestDatabase {
    let server = PostgresDatabase::create();
    let location = DatabaseLocation::PostgresSchema {
        url: server.url.clone(),
        schema: context.to_owned(),
    };
    open(location, migrations, Home::Postgres(server))
}

fn open(location: DatabaseLocation, migrations: ContextMigrations, home: Home) -> TestDatabase {
    migrate(&location, migrations).unwrap();
    TestDatabase {
        database: connect(&location),
        location,
        _home: home,
    }
}

impl TestDatabase {
    /// New connections to it, as those of a new process.
    pub fn reopen(&mut self) {
        self.database = connect(&self.location);
    }
}

fn connect(location: &DatabaseLocation) -> Arc<Database> {
    let size = PoolSize { connections: 8 };
    Arc::new(Database::open(location.clone(), size, Arc::new(|| {})))
}
