//! Ring 5: the composition root. Command line, settings, wiring, server: the only place that sees everything.

pub mod cli;
pub mod failpoints;
pub mod program;
pub mod service;

pub mod commands;

pub mod databases;
pub mod processes;
pub mod settings;

pub mod asyncapi;
pub mod capacity;
pub mod contexts;
pub mod contracts;
pub mod elsewhere;
pub mod house;
pub mod peers;
pub mod ported;
pub mod roles;
pub mod rooms;
pub mod storage;
pub mod wiring;

pub mod bell;
pub mod broker;
pub mod instance;
pub mod jobs;
pub mod relays;
pub mod workers;

pub mod platform;
pub mod routes;
pub mod server;

pub mod announce;
pub mod data_dir;
pub mod serve;
pub mod start_error;

pub mod logging;

mod operator;
pub mod settle;
mod text_table;

pub mod admin;
pub mod dead_letters;
pub mod demo;
pub mod extract;
pub mod fsck;
pub mod import;
pub mod map;
pub mod reconcile;

mod payments_simulator;
