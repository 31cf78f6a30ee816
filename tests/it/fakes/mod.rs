//! In-memory fakes of the storage ports: held to the same contracts as the real stores.

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod leases;
pub mod letters;
pub mod orders;
pub mod payments;
pub mod webhooks;
