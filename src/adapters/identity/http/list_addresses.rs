//! `GET /api/v1/users/addresses`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;

use super::bodies::AddressBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::page::PageBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::ports::identity::operations::{Identity, ListAddresses};
use crate::ports::shared::page::Page;

/// The list takes no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListAddressesQuery {}

/// List your addresses
///
/// Oldest first. An address book has at most 50 entries: one page.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The addresses", body = PageBody<AddressBody>),
        (status = 304, description = "They are as you have them"),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/users/addresses")]
pub(super) async fn list_addresses(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    _query: QueryParams<ListAddressesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let items = api.run(call, ListAddresses {}).await?;
    let body = PageBody::<AddressBody>::of(Page { items, next: None });
    ok_or_not_modified(&request, None, &body)
}
