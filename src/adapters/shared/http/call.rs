//! From the headers of a request to the context of a call.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::edge::RequestIdentity;
use super::problem::{self, Problem};
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::idempotency::IdempotencyKey;
use crate::ports::shared::tokens::{TokenVerifier, Unverified};

/// How long a request may take before its client is taken to have given up.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The caller of an endpoint and what they sent along. An endpoint that takes it answers 401 to a bad token even where
/// anybody may ask: a client with a broken token should notice.
#[derive(Debug, Clone)]
pub struct Call(pub CallContext);

impl FromRequest for Call {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(call_of(request).map_err(Into::into))
    }
}

fn call_of(request: &HttpRequest) -> Result<Call, Problem> {
    let identity = request.extensions().get::<RequestIdentity>().cloned();
    let identity = identity.ok_or_else(|| {
        tracing::error!("the edge middleware is missing");
        Problem::new(problem::INTERNAL)
    })?;
    let mut context = CallContext::new(
        principal_of(request)?,
        identity.correlation_id,
        Deadline::after(REQUEST_TIME),
    );
    context.trace_parent = identity.trace_parent;
    context.idempotency_key = idempotency_key_of(request.headers())?;
    // The edge looks at it when the answer goes out: was it a replay?
    request.extensions_mut().insert(context.clone());
    Ok(Call(context))
}

fn principal_of(request: &HttpRequest) -> Result<Principal, Problem> {
    let Some(value) = only(request.headers(), &header::AUTHORIZATION)? else {
        return Ok(Principal::Anonymous);
    };
    let invalid = || problem::unauthenticated(problem::INVALID_TOKEN);
    let (scheme, token) = value.split_once(' ').ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid());
    }
    let verifier = request.app_data::<web::Data<Arc<dyn TokenVerifier>>>().ok_or_else(|| {
        tracing::error!("no token verifier is wired");
        Problem::new(problem::INTERNAL)
    })?;
    verifier.verify(token.trim()).map_err(|why| match why {
        Unverified::Invalid => invalid(),
        Unverified::NoKeysYet => problem::unavailable(),
    })
}

fn idempotency_key_of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let invalid = |detail: String| Problem::new(problem::INVALID_IDEMPOTENCY_KEY).detail(detail);
    let name = header::HeaderName::from_static("idempotency-key");
    if headers.get_all(&name).count() > 1 {
        return Err(invalid("Send one Idempotency-Key.".to_owned()));
    }
    match headers.get(&name) {
        None => Ok(None),
        Some(value) => {
            let text = value.to_str().map_err(|error| invalid(error.to_string()))?;
            text.parse().map(Some).map_err(|error| invalid(format!("It {error}.")))
        }
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Result<Option<&'h str>, Problem> {
    let twice_or_odd =
        || Problem::new(problem::INVALID_HEADER).detail(format!("Send one {name} header of visible ASCII."));
    if headers.get_all(name).count() > 1 {
        return Err(twice_or_odd());
    }
    headers
        .get(name)
        .map(|value| value.to_str().map_err(|_odd| twice_or_odd()))
        .transpose()
}
