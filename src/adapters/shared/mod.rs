//! Technology that every context uses alike.

pub mod access_tokens;
pub mod http;
pub mod messaging;
pub mod remote;
pub mod sql;

pub mod circuit_breaker;
pub mod hex;
pub mod system;
