//! Orders in the context's database.

pub mod store;

mod audits;
mod rows;
mod schema;

use diesel_migrations::embed_migrations;

use crate::adapters::shared::sql::migrations::ContextMigrations;

/// The tables of orders.
pub const MIGRATIONS: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/orders/sqlite"),
    postgres: embed_migrations!("migrations/orders/postgres"),
};
