//! Plays shoppers against a running Banyan, through its HTTP API alone.
//!
//! - `replay` sends real baskets as orders and reports rates, times, units and money;
//! - `mix` has customers buy, pay later, cancel and get money back at the same time;
//! - `browse` reads one product as fast as it is answered;
//! - `race` lets many buyers reach for the last units at the same instant;
//! - `duplicate` sends orders, payments and refunds several times at once under one `Idempotency-Key` each.
//!
//! The exit code is 0 when everything held, 1 when something did not, 2 for a wrong command line.

mod cli;

mod browse;
mod duplicate;
mod mix;
mod race;
mod replay;

mod acknowledged;
mod admin;
mod baskets;
mod choice;
mod clients;
mod customers;
mod failure;
mod http;
mod latency;
mod orders;
mod own_time;
mod patience;
mod report;
mod run_id;
mod shelves;
mod tally;

use std::process::ExitCode;

use clap::Parser;

use cli::{Arguments, Command};

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Replay(options) => replay::run(&options),
        Command::Mix(options) => mix::run(&options),
        Command::Browse(options) => browse::run(&options),
        Command::Race(options) => race::run(&options),
        Command::Duplicate(options) => duplicate::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("banyan-load: {failure}");
            ExitCode::FAILURE
        }
    }
}
