//! Inventory: how much there is of each product, who holds some of it, and why the figures changed.

pub mod operations;

pub mod events;

pub mod outbound;
