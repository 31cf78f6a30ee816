//! Identity: who somebody is, how they prove it, and where their parcels go.

pub mod operations;

pub mod events;

pub mod outbound;
