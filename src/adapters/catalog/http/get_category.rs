//! `GET /api/v1/categories/{slug}`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::CategoryBody;
use super::problems::CATEGORY_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::catalog::operations::{Catalog, CategoryInTree, GetCategory};

/// A category and its place in the tree.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CategoryInTreeBody {
    /// The category.
    #[serde(flatten)]
    category: CategoryBody,
    /// The categories above it, root first.
    ancestors: Vec<CategoryBody>,
    /// The categories right below it, by name.
    children: Vec<CategoryBody>,
}

/// Read a category
///
/// With the path from its root and the categories right below it.
#[utoipa::path(
    tag = "catalog",
    security((), ("bearer" = [])),
    params(("slug" = String, Path, description = "The category's slug")),
    responses(
        (status = 200, description = "The category", body = CategoryInTreeBody),
        (status = 304, description = "It is as you have it"),
        (status = 404, description = "`category_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/categories/{slug}")]
pub(super) async fn get_category(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    slug: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let slug = path_id(&slug, CATEGORY_NOT_FOUND)?;
    let found = api.run(call, GetCategory { slug }).await?;
    // The tag is that of the body: a category's version does not count what happens above and below it.
    ok_or_not_modified(&request, None, &CategoryInTreeBody::from(found))
}

impl From<CategoryInTree> for CategoryInTreeBody {
    fn from(found: CategoryInTree) -> Self {
        let bodies = |list: Vec<_>| list.into_iter().map(CategoryBody::from).collect();
        Self {
            category: found.category.into(),
            ancestors: bodies(found.ancestors),
            children: bodies(found.children),
        }
    }
}
