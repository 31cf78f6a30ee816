//! Who may come in here: the shop's own processes.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::InternalServices;
use super::context::InternalContext;
use crate::adapters::shared::remote::protocol::Refusal;
use crate::adapters::shared::remote::service_token::{Addressed, ServicePass};

/// The context that one of the shop's own processes asks about by its name.
pub(super) fn admit<'s>(
    services: &'s InternalServices,
    request: &HttpRequest,
    context: &str,
) -> Result<&'s InternalContext, Refusal> {
    pass(services, request, context)?;
    services.context(context).ok_or(Refusal::ContextNotHere)
}

/// The pass of a request to `context`: its token is good for exactly this address. Whether it is good for the body, too,
/// is asked when there is one ([`ServicePass::covers`]).
pub(super) fn pass(services: &InternalServices, request: &HttpRequest, context: &str) -> Result<ServicePass, Refusal> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (value, more) = (values.next(), values.next());
    let token = value
        .filter(|_only| more.is_none())
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    token
        .and_then(|token| services.verifier.verify(token, Addressed { context, target }))
        .ok_or(Refusal::NotOneOfUs)
}
