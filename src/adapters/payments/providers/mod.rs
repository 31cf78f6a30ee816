//! The payment providers, one room each.

pub mod simulator;
