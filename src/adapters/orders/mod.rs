//! Technology of orders.

pub mod http;
pub mod sql;
