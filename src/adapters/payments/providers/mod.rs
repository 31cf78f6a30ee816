//! The payment providers, one room each.

pub mod simulator;
pub mod simulator_client;
pub mod simulator_server;
pub mod simulator_webhooks;
pub mod webhook_signature;

mod simulator_wire;
