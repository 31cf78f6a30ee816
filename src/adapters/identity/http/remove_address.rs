//! `DELETE /api/v1/users/addresses/{id}`

use actix_web::{HttpResponse, delete, web};

use super::problems::ADDRESS_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{Identity, RemoveAddress};

/// Remove an address
///
/// From your own address book. Orders that were sent to it keep it.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The address's id"),
    ),
    responses(
        (status = 204, description = "The address is gone"),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`address_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/api/v1/users/addresses/{id}")]
pub(super) async fn remove_address(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let op = RemoveAddress {
        address_id: path_id(&id, ADDRESS_NOT_FOUND)?,
    };
    api.run(call, op).await?;
    Ok(HttpResponse::NoContent().finish())
}
