//! Technology that every context uses alike.

pub mod http;
pub mod sql;

pub mod system;
