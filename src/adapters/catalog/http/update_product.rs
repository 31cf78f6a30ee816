//! `PUT /api/v1/products/{id}`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, put, web};

use super::bodies::{ProductBody, ProductInput};
use super::problems::PRODUCT_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::{required_if_match, version_tag};
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::catalog::operations::{Catalog, UpdateProduct};

/// Replace what is said of a product
///
/// For staff. Send the `ETag` of the product as you read it in `If-Match`: what has changed since is not overwritten.
/// Members that are absent get their defaults, except the slug, which stays as it is.
#[utoipa::path(
    tag = "catalog",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id"),
        ("If-Match" = String, Header, description = "The product's `ETag`"),
    ),
    request_body = ProductInput,
    responses(
        (status = 200, description = "The product", body = ProductBody, headers(
            ("ETag" = String, description = "Version of the product, for `If-Match`"),
        )),
        (status = 404, description = "`product_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`sku_taken`, `slug_taken`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `unknown_category`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`precondition_required`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/api/v1/products/{id}")]
pub(super) async fn update_product(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
    body: JsonBody<ProductInput>,
) -> Result<HttpResponse, Problem> {
    let op = UpdateProduct {
        id: path_id(&id, PRODUCT_NOT_FOUND)?,
        expected_version: required_if_match(&request)?,
        details: body.0.details()?,
    };
    let product = api.run(call, op).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(product.version)))
        .json(ProductBody::from(product)))
}
