//! `duplicate`: one request several times at once under one `Idempotency-Key` has one effect.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::admin::{Admin, CURRENCY};
use crate::choice::Token;
use crate::cli::DuplicateOptions;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request, SendError};
use crate::orders;
use crate::patience::{Unobserved, send_patiently};
use crate::run_id::key_prefix;

const PRICE_MINOR: u64 = 499;
/// One that is paid at once and one that is paid later.
const ORDERS_OF_A_KEY: i64 = 2;
const IN_FLIGHT: &str = "idempotency_key_in_flight";

pub fn run(options: &DuplicateOptions) -> Result<(), Failure> {
    let server = &options.server;
    let prefix = key_prefix(server);
    println!(
        "{} times four keys, each {} times at once, key prefix {prefix}",
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
    let received = u64::from(options.keys) * u64::from(options.duplicates) * 4;
    let before = admin
        .receive(&product_id, received, &format!("{slug}-receive"))?
        .available;
    let mut setup_client = HttpClient::new(&server.url);
    let accounts = customers::register_all(&mut setup_client, &prefix, 1, server.patience())?;
    let staff = Account::new(&server.admin_email, &server.admin_password);
    staff.log_in(&mut setup_client, server.patience())?;
    let mut shopper = Shopper {
        options,
        account: accounts
            .first()
            .ok_or_else(|| Failure::Input("nobody is registered".to_owned()))?,
        staff: &staff,
        clients: (0..options.duplicates).map(|_| HttpClient::new(&server.url)).collect(),
        product_id: &product_id,
        sums: Sums::default(),
        violations: Vec::new(),
    };
    for number in 1..=options.keys {
        shopper.go_through(&format!("{slug}-key-{number}"))?;
    }
    let Shopper {
        sums, mut violations, ..
    } = shopper;
    let sold = before - admin.stock(&product_id)?.available;
    if sold != i64::from(options.keys) * ORDERS_OF_A_KEY {
        violations.push(format!(
            "{sold} units are gone after {} times {ORDERS_OF_A_KEY} orders of one unit",
            options.keys
        ));
    }
    println!(
        "{} effects; {} answers 201, {} answers 409 in flight; {} other bodies refused with 422",
        sums.effects, sums.created, sums.in_flight, sums.refused
    );
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Violations(violations))
    }
}

#[derive(Default)]
struct Sums {
    effects: usize,
    created: usize,
    in_flight: usize,
    refused: usize,
}

struct Shopper<'a> {
    options: &'a DuplicateOptions,
    account: &'a Account,
    staff: &'a Account,
    clients: Vec<HttpClient>,
    product_id: &'a str,
    sums: Sums,
    violations: Vec<String>,
}

/// A request that is sent several times under one key, and another one that must not be taken for it.
struct Trial<'a> {
    account: &'a Account,
    key: &'a str,
    path: &'a str,
    body: Value,
    other_body: Value,
}

impl Shopper<'_> {
    /// An order, its refund, and an order that is paid later, each of them with duplicates.
    fn go_through(&mut self, key: &str) -> Result<(), Failure> {
        let (account, product_id) = (self.account, self.product_id);
        let order = |units, token| orders::body([(product_id, units)], token);
        let paid = self.try_with(&Trial {
            account,
            key,
            path: orders::PATH,
            body: order(1, Some(Token::Visa)),
            other_body: order(2, Some(Token::Visa)),
        })?;
        self.try_with(&Trial {
            account: self.staff,
            key,
            path: &format!("/api/v1/payments/{}/refund", member(&paid, "payment_id")),
            body: refund(1),
            other_body: refund(2),
        })?;
        let later = self.try_with(&Trial {
            account,
            key: &format!("{key}-later"),
            path: orders::PATH,
            body: order(1, None),
            other_body: order(2, None),
        })?;
        let payment = |token: Token| json!({"order_id": member(&later, "id"), "payment": {"token": token.as_str()}});
        self.try_with(&Trial {
            account,
            key: &format!("{key}-pay"),
            path: "/api/v1/payments/process",
            body: payment(Token::Visa),
            other_body: payment(Token::Declined),
        })?;
        Ok(())
    }

    /// Returns what was made.
    fn try_with(&mut self, trial: &Trial<'_>) -> Result<Value, Failure> {
        let mut answers = trial.send_together(&mut self.clients)?;
        let patience = self.options.server.patience();
        let Some(client) = self.clients.first_mut() else {
            return Ok(Value::Null);
        };

        // Once more when all have been answered: now there is an answer to repeat.
        let repeated = send_patiently(
            client,
            trial.account,
            &trial.request(&trial.body),
            patience,
            &mut Unobserved,
        )?;
        if repeated.status != 201 || !repeated.replayed {
            self.violations.push(format!(
                "{}: a later repetition got no repeated 201: {repeated:?}",
                trial.key
            ));
        }
        let made = repeated.json();
        answers.push(repeated);
        self.violations.extend(violations_of(trial.key, &answers));
        self.sums.effects += made_ids(&answers).len();
        self.sums.created += answers.iter().filter(|answer| answer.status == 201).count();
        self.sums.in_flight += answers.iter().filter(|answer| answer.status == 409).count();

        let refused = send_patiently(
            client,
            trial.account,
            &trial.request(&trial.other_body),
            patience,
            &mut Unobserved,
        )?;
        if refused.status == 422 {
            self.sums.refused += 1;
        } else {
            self.violations.push(format!(
                "{}: another body got {} instead of 422",
                trial.key,
                refused.label()
            ));
        }
        Ok(made)
    }
}

impl Trial<'_> {
    fn request<'a>(&'a self, body: &'a Value) -> Request<'a> {
        Request::post(self.path, body).with_key(self.key)
    }

    fn send_together(&self, clients: &mut [HttpClient]) -> Result<Vec<Answer>, Failure> {
        let barrier = &Barrier::new(clients.len());
        let answers: Vec<Option<Result<Answer, SendError>>> = thread::scope(|scope| {
            let sending: Vec<_> = clients
                .iter_mut()
                .map(|client| {
                    scope.spawn(move || {
                        barrier.wait();
                        self.account.send(client, &self.request(&self.body))
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
                    .map_err(|error| Failure::no_answer(self.path, &error))
            })
            .collect()
    }
}

fn refund(minor: u64) -> Value {
    json!({"reason": "a bruise", "amount": {"amount": minor, "currency": CURRENCY}})
}

fn member<'a>(made: &'a Value, name: &str) -> &'a str {
    made.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Of whatever the answers say was made.
fn made_ids(answers: &[Answer]) -> BTreeSet<String> {
    let created = answers.iter().filter(|answer| answer.status == 201);
    created
        .filter_map(|answer| Some(answer.json().get("id")?.as_str()?.to_owned()))
        .collect()
}

/// One effect, the same bytes in every `201`, and everybody else is told to come back.
fn violations_of(key: &str, answers: &[Answer]) -> Vec<String> {
    let mut violations = Vec::new();
    let ids = made_ids(answers);
    if ids.len() != 1 {
        violations.push(format!("{key}: {} effects instead of one: {ids:?}", ids.len()));
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
