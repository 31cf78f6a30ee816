//! `replay`: every basket becomes one order, sent by many clients at once.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::json;

use crate::acknowledged::Acknowledged;
use crate::baskets::{self, Basket};
use crate::choice::{Shares, Token};
use crate::cli::ReplayOptions;
use crate::clients;
use crate::customers::{self, Account};
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request};
use crate::orders::{self, PlacedOrder};
use crate::own_time::OwnTime;
use crate::patience::send_patiently;
use crate::report::{Report, RunFacts};
use crate::run_id::key_prefix;
use crate::shelves;
use crate::tally::Tally;

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
    let product_ids = shelves::stock(&options.server, &prefix, &baskets)?;
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
        acknowledged: Acknowledged::in_file(options.acknowledged.as_deref())?,
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

struct Replay<'a> {
    options: &'a ReplayOptions,
    prefix: &'a str,
    baskets: &'a [Basket],
    product_ids: &'a BTreeMap<String, String>,
    accounts: &'a [Account],
    acknowledged: Acknowledged,
}

impl Replay<'_> {
    fn play(&self) -> Tally {
        let url = &self.options.server.url;
        clients::share(url, self.accounts, self.baskets, |client, account, basket, tally| {
            self.buy(client, account, basket, tally)
        })
    }

    fn buy(
        &self,
        client: &mut HttpClient,
        account: &Account,
        basket: &Basket,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let token = self.shares().token(basket.number);
        let body = orders::body(shelves::lines(basket, self.product_ids), token);
        let key = format!("{}-basket-{}", self.prefix, basket.number);
        let request = Request::post(orders::PATH, &body).with_key(&key);
        let answer = send_patiently(client, account, &request, self.options.server.patience(), tally)?;
        tally.replayed += u64::from(answer.replayed);
        match (answer.status, token) {
            (201, Token::Visa | Token::TimeoutAfterCharge) => self.confirm(basket, &answer, tally),
            (402 | 409, token) if has_ended(&answer, token, self.options.provider_fails) => {
                tally.declined += 1;
                let order_id = orders::find_member(&answer.json(), "order_id").cloned();
                self.acknowledged
                    .write(&json!({"basket": basket.number, "http_status": answer.status, "order_id": order_id}))
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
        self.acknowledged.write(&json!({
            "basket": basket.number,
            "http_status": 201,
            "order_id": order.id,
            "status": order.status,
            "total_minor": order.total_minor,
            "currency": order.currency,
        }))
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

/// Every basket must have ended, and as its token says.
fn judge(tally: &Tally, baskets: usize) -> Result<(), Failure> {
    let mut violations = tally.named_failures();
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
