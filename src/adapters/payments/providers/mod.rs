//! The payment providers, one room each.

pub mod simulator;
pub mod simulator_client;
pub mod simulator_server;

mod simulator_wire;
