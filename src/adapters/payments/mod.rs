//! Technology of payments: its endpoints, its tables, and the providers.

pub mod http;
pub mod providers;
pub mod sql;
