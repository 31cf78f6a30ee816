//! Answers that are not the wished one: RFC 9457 `application/problem+json`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domains::shared::correlation::CorrelationId;
use crate::ports::shared::failure::{Failure, Never};

/// A kind of problem: a row of the table that clients program against. Codes are unique and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// The stable name.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means, for people.
    pub title: &'static str,
}

impl ProblemKind {
    /// A row of the table.
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self { code, status, title }
    }
}

macro_rules! problem_kinds {
    ($($name:ident = $status:literal $code:literal $title:literal;)+) => {
        $(#[doc = $title] pub const $name: ProblemKind = ProblemKind::new($status, $code, $title);)+

        /// The rows of this table.
        pub const KINDS: &[ProblemKind] = &[$($name),+];
    };
}
pub(crate) use problem_kinds;

problem_kinds! {
    MALFORMED_JSON = 400 "malformed_json" "The body is not JSON";
    DUPLICATE_MEMBER = 400 "duplicate_member" "A member stands twice in an object of the body";
    INVALID_QUERY = 400 "invalid_query" "A query parameter is unknown, repeated or not of its form";
    INVALID_CURSOR = 400 "invalid_cursor" "The cursor is not one that this list gave";
    INVALID_HEADER = 400 "invalid_header" "A request header is not of its form";
    BAD_REQUEST = 400 "bad_request" "The request cannot be understood";
    IDEMPOTENCY_KEY_MISSING = 400 "idempotency_key_missing" "This request needs an Idempotency-Key";
    INVALID_IDEMPOTENCY_KEY = 400 "invalid_idempotency_key" "The Idempotency-Key is not of its form";
    UNAUTHENTICATED = 401 "unauthenticated" "Sign in first";
    INVALID_TOKEN = 401 "invalid_token" "The access token is not valid";
    FORBIDDEN = 403 "forbidden" "You may not do this";
    ROUTE_NOT_FOUND = 404 "route_not_found" "There is nothing at this address";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "This address does not know the method";
    BODY_TOO_SLOW = 408 "body_too_slow" "The body did not arrive in time";
    IDEMPOTENCY_KEY_IN_FLIGHT = 409 "idempotency_key_in_flight" "A request under this Idempotency-Key is being carried out";
    VERSION_MISMATCH = 412 "version_mismatch" "The resource has changed since you read it";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is too large";
    URI_TOO_LONG = 414 "uri_too_long" "The address is too long";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The body must be application/json without a content coding";
    CARD_DATA_NOT_ACCEPTED = 422 "card_data_not_accepted" "Send the payment provider's token, never a card number";
    VALIDATION_FAILED = 422 "validation_failed" "The body breaks a rule";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused" "The Idempotency-Key was used for another request";
    PRECONDITION_REQUIRED = 428 "precondition_required" "This request needs an If-Match header";
    HEADERS_TOO_LARGE = 431 "headers_too_large" "The request's headers are too large";
    INTERNAL = 500 "internal" "Something went wrong on our side";
    CONTRACT_MISMATCH = 502 "contract_mismatch" "Two parts of the shop do not understand each other";
    UNAVAILABLE = 503 "unavailable" "A part of the shop is away for the moment";
    OVERLOADED = 503 "overloaded" "Too much to do for the moment";
    TIMEOUT = 504 "timeout" "It took too long; whether it was done is unknown";
}

/// What is wrong with one part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body: `/items/0/quantity`.
    pub pointer: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// An answer that is not the wished one, as the OpenAPI document shows it. Some kinds have further members.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// What the problem is, as a URI that stays.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation_failed")]
    pub kind: String,
    /// What the problem is, for people.
    #[schema(example = "The body breaks a rule")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What the problem is, for programs.
    #[schema(example = "validation_failed")]
    pub code: String,
    /// More on this occurrence.
    pub detail: Option<String>,
    /// What is wrong with which part of the body.
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// Ties the answer to the shop's logs.
    pub correlation_id: String,
}

/// An answer that is not the wished one.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    /// Boxed, because every endpoint returns a `Result` with a problem in it.
    particulars: Box<Particulars>,
}

/// What is particular to an occurrence.
#[derive(Debug, Clone, Default)]
struct Particulars {
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemKind) -> Self {
        Self {
            kind,
            particulars: Box::default(),
        }
    }

    /// With a sentence on this occurrence. Never from an internal error.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.particulars.detail = Some(detail.into());
        self
    }

    /// With what is wrong with a part of the body.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.particulars.errors.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// With a member that helps the client to go on: `available: 3`.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.particulars.members.insert(name.to_owned(), value.into());
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.particulars.headers.push((name, value));
        self
    }

    /// Asks the client to come back after so many seconds.
    #[must_use]
    pub fn retry_after_seconds(self, seconds: u16) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Its kind.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The answer, with the request's correlation id.
    pub fn respond(&self, correlation_id: Option<&CorrelationId>) -> HttpResponse {
        let mut body = Map::new();
        body.insert("type".to_owned(), format!("/problems/{}", self.kind.code).into());
        body.insert("title".to_owned(), self.kind.title.into());
        body.insert("status".to_owned(), self.kind.status.into());
        body.insert("code".to_owned(), self.kind.code.into());
        if let Some(detail) = &self.particulars.detail {
            body.insert("detail".to_owned(), detail.as_str().into());
        }
        if !self.particulars.errors.is_empty() {
            let errors: Vec<Value> = self
                .particulars
                .errors
                .iter()
                .map(|error| serde_json::json!({"pointer": error.pointer, "detail": error.detail}))
                .collect();
            body.insert("errors".to_owned(), errors.into());
        }
        if let Some(id) = correlation_id {
            body.insert("correlation_id".to_owned(), id.as_str().into());
        }
        body.extend(self.particulars.members.clone());
        let mut response = HttpResponse::build(self.status_code());
        for header in &self.particulars.headers {
            response.insert_header(header.clone());
        }
        response
            .content_type("application/problem+json")
            .body(Value::Object(body).to_string())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without a correlation id: the edge makes the answer again, with it (see `edge.rs`).
    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

/// What an operation's business outcome is to a client.
pub trait IntoProblem {
    /// The problem that tells it.
    fn into_problem(self) -> Problem;
}

impl IntoProblem for Never {
    fn into_problem(self) -> Problem {
        match self {}
    }
}

/// Seconds after which a client may try again what was too much or away.
const RETRY_AFTER_SECONDS: u16 = 1;

impl<E: IntoProblem> From<Failure<E>> for Problem {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Domain(error) => error.into_problem(),
            Failure::Unauthenticated => unauthenticated(UNAUTHENTICATED),
            Failure::Forbidden => Self::new(FORBIDDEN),
            Failure::IdempotencyKeyMissing => Self::new(IDEMPOTENCY_KEY_MISSING)
                .detail("Send a fresh, unique Idempotency-Key header, and the same one when you repeat the request."),
            Failure::IdempotencyKeyInFlight => {
                Self::new(IDEMPOTENCY_KEY_IN_FLIGHT).retry_after_seconds(RETRY_AFTER_SECONDS)
            }
            Failure::IdempotencyKeyReused => Self::new(IDEMPOTENCY_KEY_REUSED),
            Failure::Unavailable => unavailable(),
            Failure::Overloaded => Self::new(OVERLOADED).retry_after_seconds(RETRY_AFTER_SECONDS),
            Failure::Timeout => Self::new(TIMEOUT).retry_after_seconds(RETRY_AFTER_SECONDS),
            Failure::ContractMismatch => Self::new(CONTRACT_MISMATCH),
            // The `Traced` decorator has written it down; the client gets the correlation id.
            Failure::Internal(_) => Self::new(INTERNAL),
        }
    }
}

/// A 503 for what is away.
pub fn unavailable() -> Problem {
    Problem::new(UNAVAILABLE).retry_after_seconds(RETRY_AFTER_SECONDS)
}

/// A 401 with the challenge that RFC 9110 asks for.
pub fn unauthenticated(kind: ProblemKind) -> Problem {
    Problem::new(kind).header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
