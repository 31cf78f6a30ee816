//! Payments in a database.

use diesel_migrations::embed_migrations;

use crate::adapters::shared::sql::migrations::ContextMigrations;

pub mod inbox;
pub mod store;

mod rows;
mod schema;

/// The tables of payments, in both dialects.
pub const MIGRATIONS: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/payments/sqlite"),
    postgres: embed_migrations!("migrations/payments/postgres"),
};
