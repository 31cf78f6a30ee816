//! `GET /api/v1/products/{id}`

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::bodies::ProductBody;
use super::problems::PRODUCT_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::catalog::operations::{Catalog, GetProduct, ProductName};

/// Read a product
///
/// By its id or its slug. Customers see active products only.
#[utoipa::path(
    tag = "catalog",
    security((), ("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id or its slug"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the product as you have it"),
    ),
    responses(
        (status = 200, description = "The product", body = ProductBody, headers(
            ("ETag" = String, description = "Version of the product, for `If-Match` and `If-None-Match`"),
        )),
        (status = 304, description = "It is as you have it"),
        (status = 404, description = "`product_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/products/{id}")]
pub(super) async fn get_product(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let name = product_name(&id)?;
    let product = api.run(call, GetProduct { name }).await?;
    ok_or_not_modified(&request, Some(product.version), &ProductBody::from(product))
}

/// A slug has no underscore and an id has one, so no text is both.
fn product_name(text: &str) -> Result<ProductName, Problem> {
    match text.parse() {
        Ok(id) => Ok(ProductName::Id(id)),
        Err(_not_an_id) => path_id(text, PRODUCT_NOT_FOUND).map(ProductName::Slug),
    }
}
