//! Orders: what was bought, for how much, and the states an order goes through.

pub mod order;

pub mod pricing;
pub mod status;
