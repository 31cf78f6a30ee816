//! `GET /api/v1/categories`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;

use super::bodies::CategoryBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::page::PageBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::ports::catalog::operations::{Catalog, ListCategories};
use crate::ports::shared::page::Page;

/// The list takes no parameters: a shop's categories are one page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListCategoriesQuery {}

/// List categories
///
/// All of them, parents before children.
#[utoipa::path(
    tag = "catalog",
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The categories", body = PageBody<CategoryBody>),
        (status = 304, description = "They are as you have them"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/categories")]
pub(super) async fn list_categories(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    _query: QueryParams<ListCategoriesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let items = api.run(call, ListCategories {}).await?;
    let body = PageBody::<CategoryBody>::of(Page { items, next: None });
    ok_or_not_modified(&request, None, &body)
}
