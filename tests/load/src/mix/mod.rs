//! `mix`: customers who buy, pay later, call off and get money back, all at once.

mod customer;
mod plan;

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::acknowledged::Acknowledged;
use crate::baskets;
use crate::cli::MixOptions;
use crate::clients;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::HttpClient;
use crate::run_id::key_prefix;
use crate::shelves;
use crate::tally::Tally;

/// What one run shares among its clients.
struct Mix<'a> {
    options: &'a MixOptions,
    prefix: &'a str,
    product_ids: &'a BTreeMap<String, String>,
    staff: &'a Account,
    acknowledged: Acknowledged,
}

pub fn run(options: &MixOptions) -> Result<(), Failure> {
    let server = &options.server;
    let prefix = key_prefix(server);
    println!(
        "mix over {}, seed {}, key prefix {prefix}",
        options.baskets.display(),
        options.seed
    );
    let baskets = baskets::read(&options.baskets, options.limit)?;
    let product_ids = shelves::stock(server, &prefix, &baskets)?;
    let mut client = HttpClient::new(&server.url);
    let count = usize::from(options.clients);
    let accounts = customers::register_all(&mut client, &prefix, count, server.patience())?;
    let staff = Account::new(&server.admin_email, &server.admin_password);
    staff.log_in(&mut client, server.patience())?;
    let mix = Mix {
        options,
        prefix: &prefix,
        product_ids: &product_ids,
        staff: &staff,
        acknowledged: Acknowledged::in_file(options.acknowledged.as_deref())?,
    };
    let tally = clients::share(&server.url, &accounts, &baskets, |client, account, basket, tally| {
        mix.serve(client, account, basket, tally)
    });
    print(&tally);
    if let Some(path) = &options.report_json {
        let report = json!({"answers": tally.answers, "operations": tally.operations, "replayed": tally.replayed});
        fs::write(path, report.to_string()).map_err(|source| Failure::file(path, source))?;
    }
    let mut violations = tally.named_failures();
    let ended = tally.operations.get("baskets").copied().unwrap_or(0);
    if usize::try_from(ended) != Ok(baskets.len()) {
        violations.push(format!("{ended} of {} baskets came to their end", baskets.len()));
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Violations(violations))
    }
}

fn print(tally: &Tally) {
    for (name, count) in &tally.operations {
        println!("operations  {count:>7} x {name}");
    }
    for (label, count) in &tally.answers {
        println!("answers     {count:>7} x {label}");
    }
    println!("replayed    {:>7}", tally.replayed);
}
