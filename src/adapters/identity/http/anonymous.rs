//! Callers of the endpoints where one signs in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::adapters::shared::http::call::{Call, REQUEST_TIME};
use crate::adapters::shared::http::edge::RequestIdentity;
use crate::adapters::shared::http::problem::{self, Problem};
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};

/// A caller who may hold an access token that has expired, and comes to get another: the `Authorization` header is not
/// looked at. Nor is an idempotency key, of which these operations have no use.
#[derive(Debug)]
pub(super) struct AnonymousCall(pub(super) Call);

impl FromRequest for AnonymousCall {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(anonymous(request).map_err(Into::into))
    }
}

fn anonymous(request: &HttpRequest) -> Result<AnonymousCall, Problem> {
    let identity = request.extensions().get::<RequestIdentity>().cloned();
    let identity = identity.ok_or_else(|| {
        tracing::error!("the edge middleware is missing");
        Problem::new(problem::INTERNAL)
    })?;
    let deadline = Deadline::after(REQUEST_TIME);
    let mut context = CallContext::new(Principal::Anonymous, identity.correlation_id, deadline);
    context.trace_parent = identity.trace_parent;
    Ok(AnonymousCall(Call(context)))
}
