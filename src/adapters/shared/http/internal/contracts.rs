//! `GET /internal/v1/contracts/{context}`

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::authentication::admit;
use super::context::InternalContext;
use super::{InternalServices, refuse};
use crate::adapters::shared::remote::protocol::CONTRACT_HEADER;

/// What the context's messages look like here, with the digest in the header.
pub(super) async fn contract(
    request: HttpRequest,
    context: web::Path<String>,
    services: web::Data<InternalServices>,
) -> HttpResponse {
    let context = match admit(&services, &request, &context) {
        Ok(context) => context,
        Err(refusal) => return refuse(refusal, String::new()),
    };
    let json = context.contract().json.clone();
    let mut answer = HttpResponse::Ok().content_type("application/json").body(json);
    name_contract(&mut answer, context);
    answer
}

/// Says by which contract an answer is given.
pub(super) fn name_contract(answer: &mut HttpResponse, context: &InternalContext) {
    if let Ok(digest) = HeaderValue::from_str(&context.contract().digest) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(CONTRACT_HEADER), digest);
    }
}
