//! What the tests of all contexts are built with.

pub mod contract;
pub mod databases;
pub mod faulty;
pub mod fixed;
pub mod house;
