//! Orders: what a customer bought, at which price, and what has become of it.

pub mod operations;

pub mod events;

pub mod outbound;
