//! `PUT /api/v1/users/addresses/{id}`

use actix_web::{HttpResponse, put, web};

use super::bodies::{AddressBody, AddressInput};
use super::problems::ADDRESS_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::postal_address::PostalAddressBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{Identity, UpdateAddress};

/// Replace an address
///
/// Of your own address book. Orders that were sent to the old one keep it.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The address's id"),
    ),
    request_body = PostalAddressBody,
    responses(
        (status = 200, description = "The address", body = AddressBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`address_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/api/v1/users/addresses/{id}")]
pub(super) async fn update_address(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    id: web::Path<String>,
    body: JsonBody<AddressInput>,
) -> Result<HttpResponse, Problem> {
    let op = UpdateAddress {
        address_id: path_id(&id, ADDRESS_NOT_FOUND)?,
        address: body.0.0.checked("")?,
    };
    let entry = api.run(call, op).await?;
    Ok(HttpResponse::Ok().json(AddressBody::from(entry)))
}
