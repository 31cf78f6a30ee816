//! Ring 1: the business rules. Pure values and functions: no I/O, no clock, no randomness, no framework.

pub mod shared;

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;
