//! Plays shoppers against a running Banyan, through its HTTP API alone.
//!
//! - `replay` sends real baskets as orders and reports rates, times, units and money;
//! - `browse` reads one product as fast as it is answered;
//! - `race` lets many buyers reach for the last units at the same instant;
//! - `duplicate` sends one request several times at once under one `Idempotency-Key`.
//!
//! The exit code is 0 when everything held, 1 when something did not, 2 for a wrong command line.

mod cli;

mod browse;
mod duplicate;
mod race;
mod replay;

mod admin;
mod baskets;
mod choice;
mod customers;
mod failure;
mod http;
mod latency;
mod orders;
mod own_time;
mod patience;
mod report;
mod run_id;
mod tally;

use std::process::ExitCode;

use clap::Parser;

use cli::{Arguments, Command};

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Replay(options) => replay::run(&options),
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
