//! Inventory's technology: its endpoints and its tables.

pub mod http;
pub mod sql;
