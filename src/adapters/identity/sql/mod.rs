//! Identity's database: one body of code, two databases.

use std::sync::Arc;

use diesel_migrations::embed_migrations;

use crate::adapters::shared::sql::database::Database;
use crate::adapters::shared::sql::migrations::ContextMigrations;

mod users;

mod addresses;
mod sessions;
mod signing_keys;

mod rows;
mod schema;

/// Identity's own migrations.
pub const MIGRATIONS: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/identity/sqlite"),
    postgres: embed_migrations!("migrations/identity/postgres"),
};

/// Users, address books, sessions and signing keys in identity's database.
pub struct SqlIdentityStore {
    database: Arc<Database>,
}

impl SqlIdentityStore {
    /// A store in `database`.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}
