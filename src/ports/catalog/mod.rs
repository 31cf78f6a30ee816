//! The catalog: what the shop sells, and under which names.

pub mod operations;

pub mod events;

pub mod outbound;
