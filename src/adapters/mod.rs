//! Ring 4: technology. Databases, HTTP, providers: what fulfils the ports, and what calls them.

pub mod shared;

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;
