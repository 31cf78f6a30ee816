//! Technology of payments: its tables, its endpoints, and the providers.

pub mod providers;
pub mod sql;
