//! Ring 3: the use cases, one file each. Synchronous, over ports only. [`bootstrap`] is ring 5, the one place that sees
//! everything.

pub mod shared;

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;

pub mod bootstrap;
