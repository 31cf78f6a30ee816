//! `POST /api/v1/products`

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};

use super::bodies::{ProductBody, ProductInput};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::version_tag;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::catalog::operations::{Catalog, CreateProduct};

/// Add a product
///
/// For staff. Where the body has no slug, one is made from the name, with a number behind it if it is taken. With an
/// `Idempotency-Key`, the request takes effect at most once.
#[utoipa::path(
    tag = "catalog",
    security(("bearer" = [])),
    request_body = ProductInput,
    responses(
        (status = 201, description = "The product", body = ProductBody, headers(
            ("Location" = String, description = "Where the product is"),
            ("ETag" = String, description = "Version of the product, for `If-Match`"),
        )),
        (status = 409, description = "`sku_taken`, `slug_taken`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `unknown_category`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/products")]
pub(super) async fn create_product(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    body: JsonBody<ProductInput>,
) -> Result<HttpResponse, Problem> {
    let details = body.0.details()?;
    let product = api.run(call, CreateProduct { details }).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/products/{}", product.id)))
        .insert_header((header::ETAG, version_tag(product.version)))
        .json(ProductBody::from(product)))
}
