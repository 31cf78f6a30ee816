//! What use cases of every context are built with.

pub mod decorators;

pub mod dead_letters;
pub mod event_reader;
pub mod idempotent;
pub mod left_leases;
pub mod relay;
pub mod saga;
pub mod tenure;
