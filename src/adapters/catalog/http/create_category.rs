//! `POST /api/v1/categories`

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::{CategoryBody, part};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::version_tag;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::catalog::operations::{Catalog, CreateCategory};

/// What staff say of a category.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateCategoryBody {
    /// Its name for people.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(example = "Dairy", min_length = 1, max_length = 100)]
    name: String,
    /// Its name in URLs. Unique. Made from its name where absent.
    #[schema(example = "dairy", max_length = 120)]
    slug: Option<String>,
    /// The category above it; none for a root.
    #[schema(example = "food", max_length = 120)]
    parent_slug: Option<String>,
}

/// Add a category
///
/// For staff. The tree may have eight levels. With an `Idempotency-Key`, the request takes effect at most once.
#[utoipa::path(
    tag = "catalog",
    security(("bearer" = [])),
    request_body = CreateCategoryBody,
    responses(
        (status = 201, description = "The category", body = CategoryBody, headers(
            ("Location" = String, description = "Where the category is"),
            ("ETag" = String, description = "Version of the category"),
        )),
        (status = 409, description = "`slug_taken`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `unknown_category`, `category_too_deep`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/categories")]
pub(super) async fn create_category(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    body: JsonBody<CreateCategoryBody>,
) -> Result<HttpResponse, Problem> {
    let op = CreateCategory {
        name: body.0.name,
        slug: body.0.slug.map(|slug| part("/slug", &slug)).transpose()?,
        parent_slug: body.0.parent_slug.map(|slug| part("/parent_slug", &slug)).transpose()?,
    };
    let category = api.run(call, op).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/categories/{}", category.slug)))
        .insert_header((header::ETAG, version_tag(category.version)))
        .json(CategoryBody::from(category)))
}
