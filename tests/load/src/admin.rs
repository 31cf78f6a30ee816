//! What the shop's staff does before customers come: products on the list, units on the shelf.

use std::time::Duration;

use serde_json::{Value, json};

use crate::customers::Account;
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request};
use crate::patience::{Unobserved, send_patiently};

/// All prices of a run are in this currency.
pub const CURRENCY: &str = "EUR";

pub struct Admin {
    client: HttpClient,
    account: Account,
    patience: Duration,
}

/// How many units of a product there are, as its staff sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stock {
    pub available: i64,
}

impl Admin {
    pub fn log_in(url: &str, email: &str, password: &str, patience: Duration) -> Result<Self, Failure> {
        let mut admin = Self {
            client: HttpClient::new(url),
            account: Account::new(email, password),
            patience,
        };
        admin.account.log_in(&mut admin.client, patience)?;
        Ok(admin)
    }

    /// The id of the product with this slug, which is created when there is none.
    pub fn product(&mut self, slug: &str, name: &str, price_minor: u64) -> Result<String, Failure> {
        if let Some(id) = self.find_product(slug)? {
            return Ok(id);
        }
        let product = json!({
            "sku": slug.to_ascii_uppercase(),
            "slug": slug,
            "name": name,
            "description": format!("{name}, from the baskets of a grocery"),
            "price": {"amount": price_minor, "currency": CURRENCY},
        });
        let action = format!("create product {slug}");
        let answer = self.send(&Request::post("/api/v1/products", &product))?;
        match answer.status {
            201 => id_in(&action, &answer),
            // An earlier attempt got through and its answer did not.
            409 => self
                .find_product(slug)?
                .ok_or_else(|| Failure::unexpected(&action, &answer)),
            _ => Err(Failure::unexpected(&action, &answer)),
        }
    }

    fn find_product(&mut self, slug: &str) -> Result<Option<String>, Failure> {
        let action = format!("look up product {slug}");
        let answer = self.send(&Request::get(&format!("/api/v1/products/{slug}")))?;
        match answer.status {
            200 => id_in(&action, &answer).map(Some),
            404 => Ok(None),
            _ => Err(Failure::unexpected(&action, &answer)),
        }
    }

    /// Puts units on the shelf, once for each key.
    pub fn receive(&mut self, product_id: &str, units: u64, key: &str) -> Result<Stock, Failure> {
        let receipt = json!({"kind": "receive", "quantity": units, "reason": "delivery for a load run"});
        let path = inventory_path(product_id);
        let answer = self.send(&Request::post(&path, &receipt).with_key(key))?;
        stock_in("receive stock", &answer, 201)
    }

    pub fn stock(&mut self, product_id: &str) -> Result<Stock, Failure> {
        let answer = self.send(&Request::get(&inventory_path(product_id)))?;
        stock_in("read stock", &answer, 200)
    }

    fn send(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        send_patiently(&mut self.client, &self.account, request, self.patience, &mut Unobserved)
    }
}

fn inventory_path(product_id: &str) -> String {
    format!("/api/v1/products/{product_id}/inventory")
}

fn id_in(action: &str, answer: &Answer) -> Result<String, Failure> {
    let id = answer.json().get("id").and_then(Value::as_str).map(str::to_owned);
    id.ok_or_else(|| Failure::unexpected(action, answer))
}

fn stock_in(action: &str, answer: &Answer, status: u16) -> Result<Stock, Failure> {
    let available = answer
        .json()
        .get("available")
        .and_then(Value::as_i64)
        .filter(|_| answer.status == status);
    available
        .map(|available| Stock { available })
        .ok_or_else(|| Failure::unexpected(action, answer))
}
