//! Ring 5: the composition root. Command line, settings, wiring, server: the only place that sees everything.

pub mod cli;
pub mod settings;

pub mod contexts;

pub mod bell;
pub mod workers;

pub mod platform;
pub mod routes;
pub mod server;

pub mod logging;

mod operator;

pub mod admin;
pub mod demo;
pub mod fsck;
pub mod import;
