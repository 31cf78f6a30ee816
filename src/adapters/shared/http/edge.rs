//! The outermost layer: gives each request its identity, bounds what it may bring, and makes every answer conform.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

use super::problem::{self, Problem};
use crate::domains::shared::correlation::CorrelationId;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::IdSource;

/// The longest path and query, in bytes.
pub const MAX_URI_BYTES: usize = 8 * 1024;
/// The most bytes of all headers of a request together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The most headers of a request.
pub const MAX_HEADERS: usize = 64;

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What ties a request to its logs and its answer.
#[derive(Debug, Clone)]
pub struct RequestIdentity {
    /// The client's own, or one that we made.
    pub correlation_id: CorrelationId,
    /// The client's, where it sent one of the right form.
    pub trace_parent: Option<String>,
}

/// The middleware. Wraps everything else.
///
/// # Errors
/// Those of the layers further in.
pub async fn edge<B: MessageBody + 'static>(
    ids: web::Data<Arc<dyn IdSource>>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<actix_web::body::EitherBody<B>>, Error> {
    let identity = identity_of(&request, ids.as_ref().as_ref());
    request.extensions_mut().insert(identity.clone());
    let authorized = request.headers().contains_key(header::AUTHORIZATION);
    let mut response = if let Err(refused) = check_size(&request) {
        request
            .into_response(refused.respond(Some(&identity.correlation_id)))
            .map_into_right_body()
    } else {
        // No copy of the request may be held meanwhile: routing wants it alone. Endpoints answer their failures
        // themselves, so that only a layer further in could fail here, and ours do not.
        conforming(next.call(request).await?, &identity)
    };
    let replayed = response
        .request()
        .extensions()
        .get::<CallContext>()
        .is_some_and(CallContext::was_replayed);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(identity.correlation_id.as_str()) {
        headers.insert(CORRELATION_ID, value);
    }
    if let Some(value) = identity
        .trace_parent
        .as_deref()
        .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(TRACE_PARENT, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if authorized && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if replayed {
        headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn identity_of(request: &ServiceRequest, ids: &dyn IdSource) -> RequestIdentity {
    let text = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let correlation_id = text(&CORRELATION_ID)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| ids.make::<CorrelationId>());
    let trace_parent = text(&TRACE_PARENT)
        .filter(|text| is_trace_parent(text))
        .map(str::to_owned);
    RequestIdentity {
        correlation_id,
        trace_parent,
    }
}

/// W3C Trace Context, level 1, section 3.2: `00-<32 hex>-<16 hex>-<2 hex>`.
fn is_trace_parent(text: &str) -> bool {
    let lengths = [2, 32, 16, 2];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length && part.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        })
}

fn check_size(request: &ServiceRequest) -> Result<(), Problem> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > MAX_URI_BYTES {
        return Err(Problem::new(problem::URI_TOO_LONG).member("max_bytes", MAX_URI_BYTES));
    }
    let headers = request.headers();
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if header_bytes > MAX_HEADER_BYTES || headers.iter().count() > MAX_HEADERS {
        return Err(Problem::new(problem::HEADERS_TOO_LARGE)
            .member("max_bytes", MAX_HEADER_BYTES)
            .member("max_headers", MAX_HEADERS));
    }
    Ok(())
}

/// Answers that failed are made anew, so that all of them are problems with the request's correlation id.
fn conforming<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    identity: &RequestIdentity,
) -> ServiceResponse<actix_web::body::EitherBody<B>> {
    let problem = response.response().error().map(problem_of);
    match problem {
        None => response.map_into_left_body(),
        Some(problem) => {
            let (request, _old) = response.into_parts();
            ServiceResponse::new(request, problem.respond(Some(&identity.correlation_id))).map_into_right_body()
        }
    }
}

fn problem_of(error: &Error) -> Problem {
    if let Some(problem) = error.as_error::<Problem>() {
        return problem.clone();
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => Problem::new(problem::ROUTE_NOT_FOUND),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(problem::METHOD_NOT_ALLOWED),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(problem::BODY_TOO_LARGE),
        status if status.is_client_error() => Problem::new(problem::BAD_REQUEST),
        _ => {
            tracing::error!(%error, "an endpoint failed");
            Problem::new(problem::INTERNAL)
        }
    }
}
