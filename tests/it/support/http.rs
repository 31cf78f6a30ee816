//! A small HTTP client that takes every answer as it comes.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request as HttpRequest};
use ureq::{Agent, Body};

/// The longest that a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Speaks to one server.
#[derive(Clone)]
pub struct HttpClient {
    agent: Agent,
    url: String,
}

impl HttpClient {
    /// Speaks to the server at `url`.
    pub fn new(url: String) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Self {
            agent: config.into(),
            url,
        }
    }

    /// A request to be completed and sent.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request {
            client: self,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }
}

/// A request that is being made up.
pub struct Request<'c> {
    client: &'c HttpClient,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As the holder of this access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Under this idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn json(self, body: Value) -> Self {
        self.raw("application/json", body.to_string().into_bytes())
    }

    /// A body of these bytes.
    pub fn raw(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", media_type)
    }

    pub fn send(self) -> Answer {
        let mut request = HttpRequest::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}", self.client.url, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = match self.body {
            None => self.client.agent.run(request.body(()).unwrap()),
            Some(body) => self.client.agent.run(request.body(body).unwrap()),
        };
        let (head, mut body) = answer.expect("the server answers").into_parts();
        let text = read(&mut body);
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }
}

fn read(body: &mut Body) -> String {
    body.read_to_string().expect("the answer is text, and whole")
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; null where it is not JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// A header that has one value, or none.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} stands twice: {self:?}");
        value
    }

    /// The body of an answer that must have this status.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The body of a problem that must have this status and code; all that every problem has is checked.
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert!(self.body["title"].is_string(), "{}", self.text);
        assert_eq!(self.body["correlation_id"].as_str(), self.header("x-correlation-id"));
        self.body
    }
}
