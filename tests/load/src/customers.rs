//! The people of a run: they register once and log in as often as needed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request, SendError};
use crate::patience::{Unobserved, send_patiently};

/// Somebody who can log in. Shared between clients: whoever meets the end of an access token fetches the next one.
pub struct Account {
    email: String,
    password: String,
    access_token: Mutex<Option<String>>,
}

impl Account {
    pub fn new(email: &str, password: &str) -> Self {
        Self {
            email: email.to_owned(),
            password: password.to_owned(),
            access_token: Mutex::new(None),
        }
    }

    /// Nobody: sends without a token.
    fn anonymous() -> Self {
        Self::new("", "")
    }

    /// Sends a request with the account's token. Access tokens live for minutes and runs for longer: on a 401 it logs
    /// in again and sends once more.
    pub fn send(&self, client: &mut HttpClient, request: &Request<'_>) -> Result<Answer, SendError> {
        let token = self.token();
        let answer = client.send(request, token.as_deref())?;
        if answer.status != 401 || token.is_none() {
            return Ok(answer);
        }
        let renewed = client.send(&Request::post("/api/v1/users/login", &self.credentials()), None)?;
        match access_token_in(&renewed) {
            Some(token) => self.remember(token),
            None => return Ok(renewed),
        }
        client.send(request, self.token().as_deref())
    }

    pub fn log_in(&self, client: &mut HttpClient, patience: Duration) -> Result<(), Failure> {
        let credentials = self.credentials();
        let request = Request::post("/api/v1/users/login", &credentials);
        let answer = send_patiently(client, &Self::anonymous(), &request, patience, &mut Unobserved)?;
        match access_token_in(&answer) {
            Some(token) => {
                self.remember(token);
                Ok(())
            }
            None => Err(Failure::unexpected(&format!("log in {}", self.email), &answer)),
        }
    }

    fn credentials(&self) -> Value {
        json!({"email": self.email, "password": self.password})
    }

    fn token(&self) -> Option<String> {
        self.access_token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, token: String) {
        *self.access_token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

/// Registers the customers of a run and logs them in. Who is registered already just logs in: a run that is repeated
/// under its prefix meets the same people.
pub fn register_all(
    client: &mut HttpClient,
    prefix: &str,
    count: usize,
    patience: Duration,
) -> Result<Vec<Account>, Failure> {
    (1..=count)
        .map(|number| register(client, prefix, number, patience))
        .collect()
}

fn register(client: &mut HttpClient, prefix: &str, number: usize, patience: Duration) -> Result<Account, Failure> {
    let email = format!("{prefix}-customer-{number}@example.com");
    let password = format!("stroll past shelf {number} of {prefix}");
    let person = json!({
        "email": email,
        "password": password,
        "first_name": "Basket",
        "last_name": format!("Customer {number}"),
    });
    let request = Request::post("/api/v1/users/register", &person);
    let answer = send_patiently(client, &Account::anonymous(), &request, patience, &mut Unobserved)?;
    if !matches!(answer.status, 200..=299 | 409) {
        return Err(Failure::unexpected(&format!("register {email}"), &answer));
    }
    let account = Account::new(&email, &password);
    account.log_in(client, patience)?;
    Ok(account)
}

fn access_token_in(answer: &Answer) -> Option<String> {
    let body = answer.json();
    body.get("access_token")
        .and_then(Value::as_str)
        .filter(|_| answer.status == 200)
        .map(str::to_owned)
}
