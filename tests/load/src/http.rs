//! One client's connection to the server, and what comes back over it.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{self, Response};

/// Longer than the server lets any request run, so that a silent server is the exception that it should be.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Request<'a> {
    pub method: &'static str,
    /// From the root of the server, with the slash.
    pub path: &'a str,
    pub idempotency_key: Option<&'a str>,
    pub body: Option<&'a Value>,
}

impl<'a> Request<'a> {
    pub fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            idempotency_key: None,
            body: None,
        }
    }

    pub fn post(path: &'a str, body: &'a Value) -> Self {
        Self {
            method: "POST",
            path,
            idempotency_key: None,
            body: Some(body),
        }
    }

    pub fn delete(path: &'a str) -> Self {
        Self {
            method: "DELETE",
            ..Self::get(path)
        }
    }

    #[must_use]
    pub fn with_key(self, key: &'a str) -> Self {
        Self {
            idempotency_key: Some(key),
            ..self
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Whether the server says that it repeats an earlier answer.
    pub replayed: bool,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The problem's code, when the answer is a problem.
    pub fn code(&self) -> Option<String> {
        self.json().get("code").and_then(Value::as_str).map(str::to_owned)
    }

    /// How the answer is counted: the status, and the code of a problem.
    pub fn label(&self) -> String {
        match self.code() {
            Some(code) if self.status >= 400 => format!("{} {code}", self.status),
            _ => self.status.to_string(),
        }
    }

    /// Whether the same request may be sent again and mean the same: the server is busy, or busy with just this key, order
    /// or payment, or does not know yet what came of it.
    pub fn is_worth_repeating(&self) -> bool {
        match self.status {
            429 | 503 | 504 => true,
            409 => matches!(
                self.code().as_deref(),
                Some("idempotency_key_in_flight" | "order_busy" | "payment_busy")
            ),
            _ => false,
        }
    }
}

/// The request may or may not have reached the server.
#[derive(Debug)]
pub struct SendError(String);

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub struct HttpClient {
    agent: Agent,
    base_url: String,
    waited: Duration,
}

impl HttpClient {
    pub fn new(base_url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT))
            .proxy(None)
            .max_redirects(0)
            .build();
        Self {
            agent: config.new_agent(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            waited: Duration::ZERO,
        }
    }

    /// How long this client has waited for the server so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    pub fn send(&mut self, request: &Request<'_>, access_token: Option<&str>) -> Result<Answer, SendError> {
        let started = Instant::now();
        let answer = self.exchange(request, access_token);
        self.waited += started.elapsed();
        answer.map_err(|error| SendError(error.to_string()))
    }

    fn exchange(&self, request: &Request<'_>, access_token: Option<&str>) -> Result<Answer, ureq::Error> {
        let mut builder = http::Request::builder()
            .method(request.method)
            .uri(format!("{}{}", self.base_url, request.path));
        if let Some(token) = access_token {
            builder = builder.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(key) = request.idempotency_key {
            builder = builder.header("Idempotency-Key", key);
        }
        let mut response = match request.body {
            Some(body) => self.agent.run(
                builder
                    .header("Content-Type", "application/json")
                    .body(body.to_string())?,
            )?,
            None => self.agent.run(builder.body(())?)?,
        };
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: header(&response, "Retry-After")
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            replayed: header(&response, "Idempotent-Replayed").is_some_and(|text| text == "true"),
            text: response.body_mut().read_to_string()?,
        })
    }
}

fn header<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, text: &str) -> Answer {
        Answer {
            status,
            retry_after: None,
            replayed: false,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_problem_is_counted_by_status_and_code() {
        assert_eq!(
            answer(402, r#"{"code":"payment_declined"}"#).label(),
            "402 payment_declined"
        );
        assert_eq!(answer(500, "no json").label(), "500");
        assert_eq!(answer(201, r#"{"code":"a member of something else"}"#).label(), "201");
    }

    #[test]
    fn a_conflict_is_repeated_only_while_something_is_under_way() {
        assert!(answer(409, r#"{"code":"idempotency_key_in_flight"}"#).is_worth_repeating());
        assert!(answer(409, r#"{"code":"order_busy"}"#).is_worth_repeating());
        assert!(!answer(409, r#"{"code":"out_of_stock"}"#).is_worth_repeating());
        assert!(answer(503, "").is_worth_repeating());
        assert!(answer(504, "").is_worth_repeating());
        assert!(!answer(500, "").is_worth_repeating());
    }
}
