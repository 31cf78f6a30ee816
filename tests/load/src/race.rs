//! `race`: many buyers reach for the last units of a product at the same instant.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::admin::Admin;
use crate::choice::Token;
use crate::cli::RaceOptions;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request};
use crate::orders;
use crate::patience::send_patiently;
use crate::run_id::key_prefix;
use crate::tally::Tally;

const PRICE_MINOR: u64 = 499;

pub fn run(options: &RaceOptions) -> Result<(), Failure> {
    let server = &options.server;
    let prefix = key_prefix(server);
    println!(
        "race of {} buyers for {} units, key prefix {prefix}",
        options.clients, options.stock
    );
    let mut admin = Admin::log_in(
        &server.url,
        &server.admin_email,
        &server.admin_password,
        server.patience(),
    )?;
    let mut setup_client = HttpClient::new(&server.url);
    let accounts = customers::register_all(
        &mut setup_client,
        &prefix,
        usize::from(options.clients),
        server.patience(),
    )?;
    let mut buyers: Vec<Buyer<'_>> = accounts
        .iter()
        .map(|account| Buyer {
            account,
            client: HttpClient::new(&server.url),
        })
        .collect();

    let mut sums = RoundCount::default();
    let mut violations = Vec::new();
    for round in 1..=options.rounds {
        let slug = format!("race-{prefix}-{round}");
        let product_id = admin.product(&slug, &format!("Last units, round {round}"), PRICE_MINOR)?;
        admin.receive(&product_id, u64::from(options.stock), &format!("{slug}-receive"))?;
        let answers = start_together(&mut buyers, &slug, &product_id, server.patience())?;
        let count = RoundCount::of(&answers);
        violations.extend(violations_of(round, options, &count, &answers));
        let available = admin.stock(&product_id)?.available;
        let left = i64::from(options.stock.saturating_sub(options.clients));
        if available != left {
            violations.push(format!(
                "round {round}: {available} units available after the race instead of {left}"
            ));
        }
        sums.add(&count);
    }
    println!(
        "{} rounds: {} confirmed (201), {} declined (402), {} out of stock (409), {} other",
        options.rounds, sums.confirmed, sums.declined, sums.out_of_stock, sums.other
    );
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Violations(violations))
    }
}

struct Buyer<'a> {
    account: &'a Account,
    client: HttpClient,
}

/// Each buyer's final answer to an order of one unit, all sent at the same instant.
fn start_together(
    buyers: &mut [Buyer<'_>],
    slug: &str,
    product_id: &str,
    patience: Duration,
) -> Result<Vec<Answer>, Failure> {
    let body = &orders::body([(product_id, 1)], Token::Visa);
    let barrier = &Barrier::new(buyers.len());
    thread::scope(|scope| {
        let racing: Vec<_> = (1_u32..)
            .zip(buyers)
            .map(|(number, buyer)| {
                scope.spawn(move || {
                    let key = format!("{slug}-buyer-{number}");
                    let request = Request::post(orders::PATH, body).with_key(&key);
                    barrier.wait();
                    send_patiently(
                        &mut buyer.client,
                        buyer.account,
                        &request,
                        patience,
                        &mut Tally::default(),
                    )
                })
            })
            .collect();
        let panicked = |_| Err(Failure::Input("a buyer of this program panicked".to_owned()));
        racing
            .into_iter()
            .map(|buyer| buyer.join().unwrap_or_else(panicked))
            .collect()
    })
}

#[derive(Debug, Default, PartialEq, Eq)]
struct RoundCount {
    confirmed: u64,
    declined: u64,
    out_of_stock: u64,
    other: u64,
}

impl RoundCount {
    fn of(answers: &[Answer]) -> Self {
        let mut count = Self::default();
        for answer in answers {
            match answer.status {
                201 => count.confirmed += 1,
                402 => count.declined += 1,
                409 => count.out_of_stock += 1,
                _ => count.other += 1,
            }
        }
        count
    }

    fn add(&mut self, other: &Self) {
        self.confirmed += other.confirmed;
        self.declined += other.declined;
        self.out_of_stock += other.out_of_stock;
        self.other += other.other;
    }
}

/// As many confirmed as there was stock, everybody else 409 with a word on what is left.
fn violations_of(round: u16, options: &RaceOptions, count: &RoundCount, answers: &[Answer]) -> Vec<String> {
    let mut violations = Vec::new();
    let winners = u64::from(options.stock.min(options.clients));
    let losers = u64::from(options.clients) - winners;
    if count.confirmed != winners || count.out_of_stock != losers {
        violations.push(format!(
            "round {round}: {count:?} instead of {winners} confirmed, {losers} out of stock"
        ));
    }
    for answer in answers {
        let body = answer.json();
        let available = orders::find_member(&body, "available").and_then(Value::as_u64);
        if answer.status == 409 && available.is_none() {
            violations.push(format!(
                "round {round}: a 409 does not say what is available: {}",
                answer.text
            ));
        }
        if !matches!(answer.status, 201 | 409) {
            violations.push(format!("round {round}: {} {}", answer.status, answer.text));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Arguments, Command};

    fn answers(statuses: &[(u16, &str)]) -> Vec<Answer> {
        let answer = |(status, text): &(u16, &str)| Answer {
            status: *status,
            retry_after: None,
            replayed: false,
            text: (*text).to_owned(),
        };
        statuses.iter().map(answer).collect()
    }

    fn violations(stock: &str, clients: &str, statuses: &[(u16, &str)]) -> Option<usize> {
        let line = [
            "banyan-load",
            "race",
            "--admin-email=a",
            "--admin-password=b",
            "--stock",
            stock,
            "--clients",
            clients,
        ];
        let Ok(Arguments {
            command: Command::Race(options),
        }) = Arguments::try_parse_from(line)
        else {
            return None;
        };
        let answers = answers(statuses);
        Some(violations_of(1, &options, &RoundCount::of(&answers), &answers).len())
    }

    #[test]
    fn exactly_the_stock_is_sold_and_the_others_learn_what_is_left() {
        let soldout = (409, r#"{"code":"out_of_stock","available":0}"#);
        assert_eq!(violations("1", "3", &[(201, "{}"), soldout, soldout]), Some(0));
        assert_eq!(violations("1", "3", &[(201, "{}"), (201, "{}"), soldout]), Some(1));
        assert_eq!(violations("2", "3", &[(201, "{}"), soldout, soldout]), Some(1));
    }

    #[test]
    fn a_loser_who_does_not_learn_what_is_left_is_a_violation() {
        assert_eq!(
            violations("1", "2", &[(201, "{}"), (409, r#"{"available":-1}"#)]),
            Some(1)
        );
        assert_eq!(violations("1", "2", &[(201, "{}"), (409, "{}")]), Some(1));
    }

    #[test]
    fn an_error_of_the_server_is_a_violation() {
        assert_eq!(violations("1", "1", &[(500, "{}")]), Some(2));
    }
}
