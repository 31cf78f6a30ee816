//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Send each basket of a file as one order.
    Replay(ReplayOptions),
    /// Buy, pay later, cancel and refund, all at the same time.
    Mix(MixOptions),
    /// Read one product again and again.
    Browse(BrowseOptions),
    /// Let many buyers order the last units at the same instant.
    Race(RaceOptions),
    /// Send orders, payments and refunds several times at once under one idempotency key each.
    Duplicate(DuplicateOptions),
}

/// Where the server is and who may stock its shelves.
#[derive(Args)]
pub struct ServerOptions {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    #[arg(long, env = "BANYAN_ADMIN_EMAIL")]
    pub admin_email: String,
    #[arg(long, env = "BANYAN_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: String,
    /// How long one request is repeated while the server is away or busy.
    #[arg(long, default_value_t = 60)]
    pub patience_seconds: u64,
    /// Begins every idempotency key, address and product of this run. The same prefix repeats a run: the server then
    /// answers from what it remembers. By default each run has its own.
    #[arg(long)]
    pub key_prefix: Option<String>,
}

impl ServerOptions {
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds)
    }
}

#[derive(Args)]
pub struct ReplayOptions {
    #[command(flatten)]
    pub server: ServerOptions,
    /// One basket a line, article names separated by commas.
    #[arg(long)]
    pub baskets: PathBuf,
    /// Read only so many baskets.
    #[arg(long)]
    pub limit: Option<usize>,
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: u16,
    /// Share of the baskets that are paid with a card that is declined.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub declined_percent: u8,
    /// Share of the baskets whose provider charges and then does not answer.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub timeout_after_charge_percent: u8,
    /// The provider fails now and then: a good card that is refused because of that is declined.
    #[arg(long)]
    pub provider_fails: bool,
    /// Decides which baskets are declined or time out.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Append each acknowledged order to this file, one JSON object a line.
    #[arg(long)]
    pub acknowledged: Option<PathBuf>,
    /// Write the whole report to this file as JSON.
    #[arg(long)]
    pub report_json: Option<PathBuf>,
}

#[derive(Args)]
pub struct MixOptions {
    #[command(flatten)]
    pub server: ServerOptions,
    /// One basket a line, article names separated by commas.
    #[arg(long)]
    pub baskets: PathBuf,
    /// Read only so many baskets.
    #[arg(long)]
    pub limit: Option<usize>,
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: u16,
    /// The provider fails now and then: a good card may be refused because of that.
    #[arg(long)]
    pub provider_fails: bool,
    /// With how many cards a customer tries to pay later.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..))]
    pub cards: u8,
    /// Decides what becomes of which basket.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Append each answer to this file, one JSON object a line.
    #[arg(long)]
    pub acknowledged: Option<PathBuf>,
    /// Write the counts to this file as JSON.
    #[arg(long)]
    pub report_json: Option<PathBuf>,
}

#[derive(Args)]
pub struct BrowseOptions {
    #[command(flatten)]
    pub server: ServerOptions,
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: u16,
    /// Reads of all clients together.
    #[arg(long, default_value_t = 10_000)]
    pub requests: usize,
    /// Write the report to this file as JSON.
    #[arg(long)]
    pub report_json: Option<PathBuf>,
}

#[derive(Args)]
pub struct RaceOptions {
    #[command(flatten)]
    pub server: ServerOptions,
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: u16,
    /// Units of each product on the shelf at the start of each round.
    #[arg(long, default_value_t = 10)]
    pub stock: u16,
    /// Products that everybody wants one of, each on a line, in an order of the buyer's own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=32))]
    pub products: u16,
    /// Each buyer wants only some of the products, and one of them on two lines.
    #[arg(long)]
    pub overlap: bool,
    #[arg(long, default_value_t = 50)]
    pub rounds: u16,
}

#[derive(Args)]
pub struct DuplicateOptions {
    #[command(flatten)]
    pub server: ServerOptions,
    #[arg(long, default_value_t = 25)]
    pub keys: u16,
    /// How often each key is sent at the same instant.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(2..=256))]
    pub duplicates: u16,
}
