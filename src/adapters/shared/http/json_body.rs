//! Request bodies: JSON, strict, bounded, checked.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::bounded_body;
use super::problem::{self, Problem};
use super::strict_json::{self, NotStrictJson};

/// The largest body, in bytes: an order of 100 lines is 10 KB.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// How long a body may take to arrive. The server times the head of a request and leaves the body to who reads it.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// A body of type `T`: `application/json`, no content coding, at most [`MAX_BODY_BYTES`], no member twice (400), no
/// unknown member and no value of a wrong type (422), and valid by the rules that `T` derives (422).
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for JsonBody<T> {
    type Error = actix_web::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = check_media_type(request);
        let announced = bounded_body::announced_bytes(request);
        let payload = payload.take();
        Box::pin(async move {
            media_type?;
            let text = bounded_body::read(payload, announced, MAX_BODY_BYTES, BODY_TIME)
                .await
                .map_err(|error| error.into_problem(MAX_BODY_BYTES))?;
            let body: T = typed(&text)?;
            body.validate().map_err(|errors| invalid(&errors))?;
            Ok(Self(body))
        })
    }
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let wrong = || Problem::new(problem::UNSUPPORTED_MEDIA_TYPE);
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(wrong().detail("Send the body without a content coding."));
    }
    let charset = request
        .encoding()
        .map_err(|_unknown| wrong().detail("The charset is unknown."))?;
    if request.content_type().eq_ignore_ascii_case("application/json") && charset.name() == "UTF-8" {
        Ok(())
    } else {
        Err(wrong())
    }
}

fn typed<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let value = strict_json::parse(text).map_err(|error| match error {
        NotStrictJson::Malformed(detail) => Problem::new(problem::MALFORMED_JSON).detail(detail),
        NotStrictJson::DuplicateMember(detail) => Problem::new(problem::DUPLICATE_MEMBER).detail(detail),
    })?;
    if !value.is_object() {
        return Err(Problem::new(problem::MALFORMED_JSON).detail("The body must be a JSON object."));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer_of(&error.path().to_string());
        Problem::new(problem::VALIDATION_FAILED).field(pointer, error.into_inner().to_string())
    })
}

/// From serde's `items[0].quantity` to the JSON pointer `/items/0/quantity`.
fn pointer_of(path: &str) -> String {
    if path == "." {
        return String::new();
    }
    format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"))
}

fn invalid(errors: &ValidationErrors) -> Problem {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort();
    found.into_iter().fold(
        Problem::new(problem::VALIDATION_FAILED),
        |problem, (pointer, detail)| problem.field(pointer, detail),
    )
}

/// Names of fields and rules only: the errors of `validator` also hold the refused value, which may be a password.
fn collect(errors: &ValidationErrors, path: &str, found: &mut Vec<(String, String)>) {
    for (field, kind) in errors.errors() {
        let pointer = format!("{path}/{field}");
        match kind {
            ValidationErrorsKind::Field(list) => {
                for error in list {
                    let detail = error.message.as_deref().unwrap_or(&error.code);
                    found.push((pointer.clone(), detail.to_owned()));
                }
            }
            ValidationErrorsKind::Struct(inner) => collect(inner, &pointer, found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{pointer}/{index}"), found);
                }
            }
        }
    }
}
