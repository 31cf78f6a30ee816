//! `duplicate`: one request several times at once under one `Idempotency-Key` has one effect.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use crate::admin::Admin;
use crate::choice::Token;
use crate::cli::DuplicateOptions;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request, SendError};
use crate::orders::{self, PlacedOrder};
use crate::patience::{Unobserved, send_patiently};
use crate::run_id::key_prefix;

const PRICE_MINOR: u64 = 499;
const IN_FLIGHT: &str = "idempotency_key_in_flight";

pub fn run(options: &DuplicateOptions) -> Result<(), Failure> {
    let server = &options.server;
    let prefix = key_prefix(server);
    println!(
        "{} keys, each {} times at once, key prefix {prefix}",
        options.keys, options.duplicates
    );
    let mut admin = Admin::log_in(
        &server.url,
        &server.admin_email,
        &server.admin_password,
        server.patience(),
    )?;
    let slug = format!("duplicate-{prefix}");
    let product_id = admin.product(&slug, "One for each key", PRICE_MINOR)?;
    // Twice the need: a second effect must find stock, or the lack of it would hide the effect.
    let received = u64::from(options.keys) * u64::from(options.duplicates) * 2;
    let before = admin
        .receive(&product_id, received, &format!("{slug}-receive"))?
        .available;
    let mut setup_client = HttpClient::new(&server.url);
    let accounts = customers::register_all(&mut setup_client, &prefix, 1, server.patience())?;
    let mut clients: Vec<HttpClient> = (0..options.duplicates).map(|_| HttpClient::new(&server.url)).collect();

    let mut violations = Vec::new();
    let mut sums = Sums::default();
    for account in &accounts {
        for number in 1..=options.keys {
            let key = format!("{slug}-key-{number}");
            let trial = Trial {
                account,
                key: &key,
                product_id: &product_id,
            };
            trial.run(&mut clients, options, &mut sums, &mut violations)?;
        }
    }
    let sold = before - admin.stock(&product_id)?.available;
    if sold != i64::from(options.keys) {
        violations.push(format!(
            "{sold} units are gone after {} orders of one unit",
            options.keys
        ));
    }
    println!(
        "{} orders; {} answers 201, {} answers 409 in flight; {} other bodies refused with 422",
        sums.orders, sums.created, sums.in_flight, sums.refused
    );
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Violations(violations))
    }
}

#[derive(Default)]
struct Sums {
    orders: usize,
    created: usize,
    in_flight: usize,
    refused: usize,
}

struct Trial<'a> {
    account: &'a Account,
    key: &'a str,
    product_id: &'a str,
}

impl Trial<'_> {
    fn run(
        &self,
        clients: &mut [HttpClient],
        options: &DuplicateOptions,
        sums: &mut Sums,
        violations: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let mut answers = self.send_together(clients)?;
        let patience = options.server.patience();
        let Some(client) = clients.first_mut() else {
            return Ok(());
        };

        // Once more when all have been answered: now there is an answer to repeat.
        let body = orders::body([(self.product_id, 1)], Token::Visa);
        let request = Request::post(orders::PATH, &body).with_key(self.key);
        let repeated = send_patiently(client, self.account, &request, patience, &mut Unobserved)?;
        if repeated.status != 201 || !repeated.replayed {
            violations.push(format!(
                "{}: a later repetition got no repeated 201: {repeated:?}",
                self.key
            ));
        }
        answers.push(repeated);
        violations.extend(violations_of(self.key, &answers));
        sums.orders += order_ids(&answers).len();
        sums.created += answers.iter().filter(|answer| answer.status == 201).count();
        sums.in_flight += answers.iter().filter(|answer| answer.status == 409).count();

        let other_body = orders::body([(self.product_id, 2)], Token::Visa);
        let request = Request::post(orders::PATH, &other_body).with_key(self.key);
        let refused = send_patiently(client, self.account, &request, patience, &mut Unobserved)?;
        if refused.status == 422 {
            sums.refused += 1;
        } else {
            violations.push(format!(
                "{}: another body got {} instead of 422",
                self.key,
                refused.label()
            ));
        }
        Ok(())
    }

    fn send_together(&self, clients: &mut [HttpClient]) -> Result<Vec<Answer>, Failure> {
        let body = &orders::body([(self.product_id, 1)], Token::Visa);
        let barrier = &Barrier::new(clients.len());
        let answers: Vec<Option<Result<Answer, SendError>>> = thread::scope(|scope| {
            let sending: Vec<_> = clients
                .iter_mut()
                .map(|client| {
                    scope.spawn(move || {
                        barrier.wait();
                        self.account
                            .send(client, &Request::post(orders::PATH, body).with_key(self.key))
                    })
                })
                .collect();
            sending.into_iter().map(|sender| sender.join().ok()).collect()
        });
        let panicked = || Failure::Input("a sender of this program panicked".to_owned());
        answers
            .into_iter()
            .map(|answer| {
                answer
                    .ok_or_else(panicked)?
                    .map_err(|error| Failure::no_answer(orders::PATH, &error))
            })
            .collect()
    }
}

fn order_ids(answers: &[Answer]) -> BTreeSet<String> {
    let created = answers.iter().filter(|answer| answer.status == 201);
    created
        .filter_map(|answer| PlacedOrder::read(&answer.json()))
        .map(|order| order.id)
        .collect()
}

/// One order, the same bytes in every `201`, and everybody else is told to come back.
fn violations_of(key: &str, answers: &[Answer]) -> Vec<String> {
    let mut violations = Vec::new();
    let ids = order_ids(answers);
    if ids.len() != 1 {
        violations.push(format!("{key}: {} orders instead of one: {ids:?}", ids.len()));
    }
    let bodies: BTreeSet<&str> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.text.as_str())
        .collect();
    if bodies.len() > 1 {
        violations.push(format!("{key}: {} different bodies with 201", bodies.len()));
    }
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let told_to_come_back = answer.status == 409 && answer.code().as_deref() == Some(IN_FLIGHT);
        if !told_to_come_back || answer.retry_after.is_none() {
            violations.push(format!("{key}: {} {}", answer.status, answer.text));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn created(id: &str, more: &str) -> Answer {
        let text = format!(
            r#"{{"id":"{id}","status":"confirmed","items":[],"total":{{"amount":1,"currency":"EUR"}},"more":"{more}"}}"#
        );
        Answer {
            status: 201,
            retry_after: None,
            replayed: false,
            text,
        }
    }

    fn in_flight(retry_after: Option<Duration>) -> Answer {
        Answer {
            status: 409,
            retry_after,
            replayed: false,
            text: format!(r#"{{"code":"{IN_FLIGHT}"}}"#),
        }
    }

    #[test]
    fn one_order_and_the_same_bytes_for_all_is_right() {
        let answers = [
            created("ord_1", ""),
            in_flight(Some(Duration::from_secs(1))),
            created("ord_1", ""),
        ];
        assert_eq!(violations_of("k", &answers), Vec::<String>::new());
    }

    #[test]
    fn a_second_order_another_body_and_a_missing_retry_after_are_found() {
        assert_eq!(
            violations_of("k", &[created("ord_1", ""), created("ord_2", "")]).len(),
            2
        );
        assert_eq!(
            violations_of("k", &[created("ord_1", ""), created("ord_1", "x")]).len(),
            1
        );
        assert_eq!(violations_of("k", &[created("ord_1", ""), in_flight(None)]).len(), 1);
        assert_eq!(violations_of("k", &[in_flight(Some(Duration::ZERO))]).len(), 1);
    }
}
