//! `GET /internal/v1/keys`

use actix_web::{HttpRequest, HttpResponse, web};

use super::authentication::pass;
use super::{InternalServices, refuse};
use crate::adapters::shared::remote::protocol::Refusal;

/// The public keys that verify people's access tokens, as `/.well-known/jwks.json` has them, for processes that cannot
/// reach the storefront's server of identity.
pub(super) async fn keys(request: HttpRequest, services: web::Data<InternalServices>) -> HttpResponse {
    if let Err(refusal) = pass(&services, &request, "identity") {
        return refuse(refusal, String::new());
    }
    match &services.public_keys {
        Some(json) => HttpResponse::Ok().content_type("application/json").body(json.clone()),
        None => refuse(Refusal::ContextNotHere, String::new()),
    }
}
