//! Banyan.

pub mod adapters;
pub mod app;
pub mod domains;
pub mod ports;
