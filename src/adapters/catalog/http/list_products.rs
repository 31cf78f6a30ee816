//! `GET /api/v1/products`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::bodies::ProductBody;
use super::problems::CATEGORY_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::page::{PageBody, page_request};
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{INVALID_QUERY, Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::domains::shared::text::single_line;
use crate::ports::catalog::operations::{Catalog, ListProducts, ProductSort};

/// The longest text to search for, in characters: that of the longest name.
const MAX_SEARCH_CHARS: usize = 200;

/// Which products, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListProductsQuery {
    /// Slug of a category: only products of it and of those below it.
    category: Option<String>,
    /// Only products whose name or SKU contains this text, in whatever case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only products at or above this price, in minor units.
    price_min: Option<i64>,
    /// Only products at or below this price, in minor units.
    price_max: Option<i64>,
    /// Only products of which there is stock (`true`) or none (`false`).
    in_stock: Option<bool>,
    /// In which order; newest first where absent.
    #[serde(default)]
    #[param(inline)]
    sort: SortParam,
    /// Entries of a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    after: Option<String>,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SortParam {
    #[default]
    Newest,
    Name,
    PriceAscending,
    PriceDescending,
}

/// List products
///
/// Customers see active products only.
#[utoipa::path(
    tag = "catalog",
    security((), ("bearer" = [])),
    params(ListProductsQuery),
    responses(
        (status = 200, description = "A page of products", body = PageBody<ProductBody>),
        (status = 304, description = "The page is as you have it"),
        (status = 400, description = "`invalid_query`, `invalid_cursor`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`category_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/products")]
pub(super) async fn list_products(
    api: web::Data<Api<dyn Catalog>>,
    call: Call,
    query: QueryParams<ListProductsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = api.run(call, query.0.operation()?).await?;
    ok_or_not_modified(&request, None, &PageBody::<ProductBody>::of(page))
}

impl ListProductsQuery {
    fn operation(self) -> Result<ListProducts, Problem> {
        let search = self.q.filter(|q| !q.trim().is_empty());
        Ok(ListProducts {
            category: self
                .category
                .map(|slug| path_id(&slug, CATEGORY_NOT_FOUND))
                .transpose()?,
            search: search
                .map(|q| {
                    single_line(&q, MAX_SEARCH_CHARS)
                        .map_err(|error| Problem::new(INVALID_QUERY).detail(format!("q {error}")))
                })
                .transpose()?,
            price_minor_min: self.price_min,
            price_minor_max: self.price_max,
            in_stock: self.in_stock,
            sort: self.sort.into(),
            page: page_request(self.limit, self.after)?,
        })
    }
}

impl From<SortParam> for ProductSort {
    fn from(sort: SortParam) -> Self {
        match sort {
            SortParam::Newest => Self::Newest,
            SortParam::Name => Self::Name,
            SortParam::PriceAscending => Self::PriceAscending,
            SortParam::PriceDescending => Self::PriceDescending,
        }
    }
}
