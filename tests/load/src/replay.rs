//! `replay`: every basket becomes one order, sent by many clients at once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::admin::Admin;
use crate::baskets::{self, Basket};
use crate::choice::{Shares, Token};
use crate::cli::ReplayOptions;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request};
use crate::orders::{self, PlacedOrder};
use crate::own_time::OwnTime;
use crate::patience::send_patiently;
use crate::report::{Report, RunFacts};
use crate::run_id::key_prefix;
use crate::tally::Tally;

/// How many failed baskets are named; the rest is only counted.
const NAMED_FAILURES: usize = 20;

pub fn run(options: &ReplayOptions) -> Result<(), Failure> {
    if options.declined_percent + options.timeout_after_charge_percent > 100 {
        return Err(Failure::Input(
            "the shares of the tokens are more than 100 percent".to_owned(),
        ));
    }
    let prefix = key_prefix(&options.server);
    println!(
        "replay of {}, seed {}, key prefix {prefix}",
        options.baskets.display(),
        options.seed
    );
    let baskets = baskets::read(&options.baskets, options.limit)?;
    let setting_up = Instant::now();
    let product_ids = stock_the_shelves(options, &prefix, &baskets)?;
    let accounts = customers::register_all(
        &mut HttpClient::new(&options.server.url),
        &prefix,
        usize::from(options.clients),
        options.server.patience(),
    )?;
    println!(
        "{} baskets, {} articles, {} clients, set up in {} ms",
        baskets.len(),
        product_ids.len(),
        accounts.len(),
        setting_up.elapsed().as_millis()
    );

    let replay = Replay {
        options,
        prefix: &prefix,
        baskets: &baskets,
        product_ids: &product_ids,
        accounts: &accounts,
        acknowledged: options.acknowledged.as_deref().map(append_to).transpose()?,
        next: AtomicUsize::new(0),
        given_up: AtomicBool::new(false),
    };
    let own_time = OwnTime::start();
    let tally = replay.play();
    let facts = RunFacts {
        seed: options.seed,
        prefix: prefix.clone(),
        clients: options.clients,
        baskets: baskets.len(),
    };
    let report = Report::new(facts, &tally, &own_time, &product_ids);
    report.print();
    if let Some(path) = &options.report_json {
        report.write_json(path)?;
    }
    judge(&tally, baskets.len())
}

/// Creates the products that are missing and receives what the baskets will take. Returns the product ids by name.
fn stock_the_shelves(
    options: &ReplayOptions,
    prefix: &str,
    baskets: &[Basket],
) -> Result<BTreeMap<String, String>, Failure> {
    let server = &options.server;
    let mut admin = Admin::log_in(
        &server.url,
        &server.admin_email,
        &server.admin_password,
        server.patience(),
    )?;
    let mut product_ids = BTreeMap::new();
    for (name, units) in baskets::demand(baskets) {
        let slug = format!("basket-{}", baskets::slug(&name));
        let id = admin.product(&slug, &name, baskets::price_minor(&name))?;
        admin.receive(&id, units, &format!("{prefix}-receive-{units}-{slug}"))?;
        product_ids.insert(name, id);
    }
    Ok(product_ids)
}

struct Replay<'a> {
    options: &'a ReplayOptions,
    prefix: &'a str,
    baskets: &'a [Basket],
    product_ids: &'a BTreeMap<String, String>,
    accounts: &'a [Account],
    acknowledged: Option<Mutex<File>>,
    /// The index of the next basket that no client has taken.
    next: AtomicUsize,
    /// The server was away for longer than the patience: no client takes another basket.
    given_up: AtomicBool,
}

impl Replay<'_> {
    fn play(&self) -> Tally {
        let mut sum = Tally::default();
        thread::scope(|scope| {
            let clients: Vec<_> = self
                .accounts
                .iter()
                .map(|_| scope.spawn(|| self.serve_client()))
                .collect();
            for client in clients {
                match client.join() {
                    Ok(tally) => sum.add(tally),
                    Err(_) => sum.failures.push("a client of this program panicked".to_owned()),
                }
            }
        });
        sum
    }

    fn serve_client(&self) -> Tally {
        let mut client = HttpClient::new(&self.options.server.url);
        let mut tally = Tally::default();
        let started = Instant::now();
        while !self.given_up.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(basket) = self.baskets.get(index) else { break };
            // A basket always has the same customer: keys belong to customers, so only then does a repeated run repeat
            // its requests.
            let Some(account) = self.accounts.get(index % self.accounts.len()) else {
                break;
            };
            if let Err(failure) = self.buy(&mut client, account, basket, &mut tally) {
                tally.failures.push(format!("basket {}: {failure}", basket.number));
                self.given_up.store(true, Ordering::Relaxed);
            }
        }
        tally.wall = started.elapsed();
        tally.waited = client.waited();
        tally
    }

    fn buy(
        &self,
        client: &mut HttpClient,
        account: &Account,
        basket: &Basket,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let token = self.shares().token(basket.number);
        let lines = basket
            .articles
            .iter()
            .filter_map(|(name, units)| Some((self.product_ids.get(name)?.as_str(), *units)));
        let body = orders::body(lines, token);
        let key = format!("{}-basket-{}", self.prefix, basket.number);
        let request = Request::post(orders::PATH, &body).with_key(&key);
        let answer = send_patiently(client, account, &request, self.options.server.patience(), tally)?;
        tally.replayed += u64::from(answer.replayed);
        match (answer.status, token) {
            (201, Token::Visa | Token::TimeoutAfterCharge) => self.confirm(basket, &answer, tally),
            (402 | 409, token) if has_ended(&answer, token, self.options.provider_fails) => {
                tally.declined += 1;
                let order_id = orders::find_member(&answer.json(), "order_id").cloned();
                self.acknowledge(&json!({"basket": basket.number, "http_status": answer.status, "order_id": order_id}))
            }
            _ => {
                tally.failures.push(format!(
                    "basket {}, {}: {} {}",
                    basket.number,
                    token.as_str(),
                    answer.status,
                    answer.text
                ));
                Ok(())
            }
        }
    }

    fn confirm(&self, basket: &Basket, answer: &Answer, tally: &mut Tally) -> Result<(), Failure> {
        let Some(order) = PlacedOrder::read(&answer.json()).filter(|order| order.status == "confirmed") else {
            tally.failures.push(format!(
                "basket {}: 201 without a confirmed order: {}",
                basket.number, answer.text
            ));
            return Ok(());
        };
        tally.confirm(&order);
        self.acknowledge(&json!({
            "basket": basket.number,
            "http_status": 201,
            "order_id": order.id,
            "status": order.status,
            "total_minor": order.total_minor,
            "currency": order.currency,
        }))
    }

    /// Written at once, so that the file is complete whenever this program or the server is killed.
    fn acknowledge(&self, line: &Value) -> Result<(), Failure> {
        let (Some(file), Some(path)) = (&self.acknowledged, &self.options.acknowledged) else {
            return Ok(());
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{line}\n").as_bytes())
            .map_err(|source| Failure::file(path, source))
    }

    fn shares(&self) -> Shares {
        Shares {
            declined_percent: self.options.declined_percent,
            timeout_after_charge_percent: self.options.timeout_after_charge_percent,
            seed: self.options.seed,
        }
    }
}

/// Whether this is how a purchase ends without an order: the card was refused, or, where the provider may fail, the shop
/// says that it held nothing in the end.
fn has_ended(answer: &Answer, token: Token, provider_fails: bool) -> bool {
    let failed =
        answer.text.contains(r#""reason":"provider_failure""#) || answer.code().as_deref() == Some("order_abandoned");
    (answer.status == 402 && token == Token::Declined) || (provider_fails && failed)
}

fn append_to(path: &Path) -> Result<Mutex<File>, Failure> {
    let file = File::options().create(true).append(true).open(path);
    file.map(Mutex::new).map_err(|source| Failure::file(path, source))
}

/// Every basket must have ended, and as its token says.
fn judge(tally: &Tally, baskets: usize) -> Result<(), Failure> {
    let mut violations: Vec<String> = tally.failures.iter().take(NAMED_FAILURES).cloned().collect();
    if tally.failures.len() > NAMED_FAILURES {
        violations.push(format!("and {} more", tally.failures.len() - NAMED_FAILURES));
    }
    let ended = tally.confirmed + tally.declined;
    if usize::try_from(ended) != Ok(baskets) {
        violations.push(format!("{ended} of {baskets} baskets ended as they had to"));
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Violations(violations))
    }
}
