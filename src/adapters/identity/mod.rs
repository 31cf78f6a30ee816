//! Identity's technology: its tables, its endpoints, hashes and tokens.

pub mod http;
pub mod sql;

pub mod passwords;
pub mod tokens;

mod lean_argon2;
