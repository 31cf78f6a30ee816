//! `race`: many buyers reach for the last units at the same instant.

mod wish;

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
use wish::Wish;

const PRICE_MINOR: u64 = 499;

pub fn run(options: &RaceOptions) -> Result<(), Failure> {
    let server = &options.server;
    let prefix = key_prefix(server);
    println!(
        "race of {} buyers for {} units each of {} product(s){}, key prefix {prefix}",
        options.clients,
        options.stock,
        options.products,
        if options.overlap { ", some of them" } else { "" }
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
    let mut tally = Tally::default();
    let mut violations = Vec::new();
    for number in 1..=options.rounds {
        let slug = format!("race-{prefix}-{number}");
        let round = Round {
            product_ids: stocked(&mut admin, options, &slug)?,
            wishes: (1..=options.clients)
                .map(|buyer| Wish::of(number, buyer, usize::from(options.products), options.overlap))
                .collect(),
            slug,
        };
        let answers = round.start_together(&mut buyers, server.patience(), &mut tally)?;
        let mut found = violations_of(options, &round.wishes, &answers);
        found.extend(round.shelf_violations(&mut admin, options, &answers)?);
        violations.extend(found.iter().map(|line| format!("round {number}: {line}")));
        sums.add(&RoundCount::of(&answers));
    }
    let errors = tally
        .answers
        .iter()
        .filter(|(label, _)| label.starts_with('5') || *label == "no answer");
    violations.extend(errors.map(|(label, count)| format!("{count} answers {label}")));
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

/// New products with the units that are fought for.
fn stocked(admin: &mut Admin, options: &RaceOptions, slug: &str) -> Result<Vec<String>, Failure> {
    (1..=options.products)
        .map(|number| {
            let slug = format!("{slug}-{number}");
            let id = admin.product(&slug, &format!("Last units, {slug}"), PRICE_MINOR)?;
            admin.receive(&id, u64::from(options.stock), &format!("{slug}-receive"))?;
            Ok(id)
        })
        .collect()
}

struct Round {
    slug: String,
    product_ids: Vec<String>,
    /// One for each buyer.
    wishes: Vec<Wish>,
}

impl Round {
    /// Each buyer's final answer to an order of what they wish for, all sent at the same instant.
    fn start_together(
        &self,
        buyers: &mut [Buyer<'_>],
        patience: Duration,
        tally: &mut Tally,
    ) -> Result<Vec<Answer>, Failure> {
        let barrier = &Barrier::new(buyers.len());
        let outcomes: Vec<_> = thread::scope(|scope| {
            let racing: Vec<_> = (1_u32..)
                .zip(buyers)
                .zip(&self.wishes)
                .map(|((number, buyer), wish)| {
                    scope.spawn(move || {
                        let ids = wish.lines().iter().filter_map(|product| self.product_ids.get(*product));
                        let body = orders::body(ids.map(|id| (id.as_str(), 1)), Token::Visa);
                        let key = format!("{}-buyer-{number}", self.slug);
                        let request = Request::post(orders::PATH, &body).with_key(&key);
                        let mut tally = Tally::default();
                        barrier.wait();
                        let answer = send_patiently(&mut buyer.client, buyer.account, &request, patience, &mut tally);
                        (answer, tally)
                    })
                })
                .collect();
            racing.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        let panicked = |_| Failure::Input("a buyer of this program panicked".to_owned());
        outcomes
            .into_iter()
            .map(|outcome| {
                let (answer, of_buyer) = outcome.map_err(panicked)?;
                tally.add(of_buyer);
                answer
            })
            .collect()
    }

    /// What the shop says is left is what the winners left.
    fn shelf_violations(
        &self,
        admin: &mut Admin,
        options: &RaceOptions,
        answers: &[Answer],
    ) -> Result<Option<String>, Failure> {
        let mut available = Vec::new();
        for id in &self.product_ids {
            available.push(admin.stock(id)?.available);
        }
        let left = wish::left(
            u64::from(options.stock),
            self.product_ids.len(),
            winners(&self.wishes, answers),
        );
        let agree = left
            .iter()
            .flatten()
            .map(|units| i64::try_from(*units).ok())
            .eq(available.iter().map(|units| Some(*units)));
        Ok((!agree).then(|| format!("{available:?} units available after the race instead of {left:?}")))
    }
}

fn winners<'a>(wishes: &'a [Wish], answers: &'a [Answer]) -> impl Iterator<Item = &'a Wish> {
    let pairs = wishes.iter().zip(answers);
    pairs.filter(|(_, answer)| answer.status == 201).map(|(wish, _)| wish)
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

/// No more is sold than there was, nobody is sent away who could have been served, and who is sent away learns what is left.
/// Where all want the same, exactly as many are served as there was stock for.
fn violations_of(options: &RaceOptions, wishes: &[Wish], answers: &[Answer]) -> Vec<String> {
    let mut violations = Vec::new();
    let left = wish::left(
        u64::from(options.stock),
        usize::from(options.products),
        winners(wishes, answers),
    );
    if left.is_none() {
        violations.push(format!("more was sold than there was: {:?}", RoundCount::of(answers)));
    }
    for (wish, answer) in wishes.iter().zip(answers) {
        let body = answer.json();
        let available = orders::find_member(&body, "available").and_then(Value::as_u64);
        match answer.status {
            201 => {}
            409 if answer.code().as_deref() == Some("out_of_stock") && available.is_some() => {
                if left.as_ref().is_some_and(|left| wish::could_be_served(wish, left)) {
                    violations.push(format!("sent away although there is enough, {left:?}: {}", answer.text));
                }
            }
            _ => violations.push(format!("{} {}", answer.status, answer.text)),
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
        let wishes: Vec<Wish> = (1..=options.clients)
            .map(|buyer| Wish::of(1, buyer, 1, false))
            .collect();
        Some(violations_of(&options, &wishes, &answers(statuses)).len())
    }

    const SOLD_OUT: (u16, &str) = (409, r#"{"code":"out_of_stock","available":0}"#);

    #[test]
    fn exactly_the_stock_is_sold_and_the_others_learn_what_is_left() {
        assert_eq!(violations("1", "3", &[(201, "{}"), SOLD_OUT, SOLD_OUT]), Some(0));
        assert_eq!(violations("1", "3", &[(201, "{}"), (201, "{}"), SOLD_OUT]), Some(1));
        assert_eq!(violations("2", "3", &[(201, "{}"), SOLD_OUT, SOLD_OUT]), Some(2));
    }

    #[test]
    fn a_loser_who_does_not_learn_what_is_left_is_a_violation() {
        let unclear = [
            r#"{"code":"out_of_stock","available":-1}"#,
            r#"{"code":"out_of_stock"}"#,
            r#"{"available":0}"#,
        ];
        for text in unclear {
            assert_eq!(violations("1", "2", &[(201, "{}"), (409, text)]), Some(1), "{text}");
        }
    }

    #[test]
    fn an_error_of_the_server_is_a_violation() {
        assert_eq!(violations("1", "1", &[(500, "{}")]), Some(1));
    }
}
