//! Technology that every context uses alike.

pub mod access_tokens;
pub mod http;
pub mod sql;

pub mod system;
