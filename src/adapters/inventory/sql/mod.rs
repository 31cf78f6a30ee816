//! Stock, its ledger and its reservations in the context's database.

use diesel_migrations::embed_migrations;

use crate::adapters::shared::sql::migrations::ContextMigrations;

pub mod store;

mod audits;
mod levels;
mod reservations;
mod rows;
mod schema;

/// Inventory's migrations, in both dialects.
pub const MIGRATIONS: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/inventory/sqlite"),
    postgres: embed_migrations!("migrations/inventory/postgres"),
};
