//! Products and categories in the context's database.

use diesel_migrations::embed_migrations;

use crate::adapters::shared::sql::migrations::ContextMigrations;

pub mod store;

mod list_products;
mod stock_levels;
mod writes;

mod rows;
mod schema;

/// The catalog's migrations, in both dialects.
pub const MIGRATIONS: ContextMigrations = ContextMigrations {
    sqlite: embed_migrations!("migrations/catalog/sqlite"),
    postgres: embed_migrations!("migrations/catalog/postgres"),
};
