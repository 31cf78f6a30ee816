//! `POST /api/v1/users/addresses`

use actix_web::{HttpResponse, post, web};

use super::bodies::{AddressBody, AddressInput};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::postal_address::PostalAddressBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{AddAddress, Identity};

/// Add an address
///
/// An address book has at most 50 entries. With an `Idempotency-Key`, the address is added at most once.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Your name for this request"),
    ),
    request_body = PostalAddressBody,
    responses(
        (status = 201, description = "The address", body = AddressBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`address_book_full`, `no_address_book`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/users/addresses")]
pub(super) async fn add_address(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    body: JsonBody<AddressInput>,
) -> Result<HttpResponse, Problem> {
    let op = AddAddress {
        address: body.0.0.checked("")?,
    };
    let entry = api.run(call, op).await?;
    Ok(HttpResponse::Created().json(AddressBody::from(entry)))
}
