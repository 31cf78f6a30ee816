//! Banyan.

pub mod domains;
pub mod ports;
pub mod app;
pub mod adapters;
