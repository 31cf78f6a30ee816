//! Banyan: an e-commerce backend that starts as one binary and can grow trunks.
//!
//! ```text
//!        ring 5   app::bootstrap        command line, wiring, server: sees everything
//!                /              \
//!   ring 3   app::<context>    adapters::<context>   ring 4
//!            use cases         HTTP, SQL, providers
//!                \              /
//!        ring 2   ports          messages and traits: what crosses a boundary
//!                   |
//!        ring 1   domains        business rules: no I/O, no clock, no framework
//! ```
//!
//! Imports point down. Each ring has a room for each context (identity, catalog, inventory, payments, orders) and one
//! that they share; a context knows another only by its `ports::<other>::{operations, events}`. `arch-tests` holds the
//! code to this; `ARCHITECTURE.md` leads through it.

pub mod domains;

pub mod ports;

pub mod app;

pub mod adapters;
