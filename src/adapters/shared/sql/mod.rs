//! Storage on `SQLite` and `PostgreSQL`: one body of code, two databases.

pub mod connection;
pub mod postgres_url;
mod reachability;

pub mod database;
mod disk;
pub mod errors;
pub mod migrations;
pub mod roles;
pub mod schema;

pub mod consumers;
pub mod dead_letters;
pub mod event_log;
pub mod idempotency;
pub mod leases;
pub mod sagas;
pub mod unit_of_work;
