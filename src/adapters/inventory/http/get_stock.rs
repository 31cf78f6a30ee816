//! `GET /api/v1/products/{id}/inventory`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bodies::{LevelBody, MovementBody};
use super::problems::STOCK_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::page::{PageBody, page_request};
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::domains::shared::ids::ProductId;
use crate::ports::inventory::operations::{GetStock, Inventory, ListMovements, Movement, StockLevel};
use crate::ports::shared::page::Page;

/// Which page of the ledger. For staff; to others, who see no ledger, it makes no difference.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GetStockQuery {
    /// Entries of a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    after: Option<String>,
}

/// How much there is of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StockBody {
    /// Of what.
    #[schema(value_type = String, example = "prd_01h2e8kqvbfwea724h75qc655w")]
    product_id: ProductId,
    /// Pieces that can still be sold, at all locations together. A line of an order is taken from one location.
    #[schema(minimum = 0, example = 7)]
    available: i64,
    /// Pieces that are there, at all locations together. For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, example = 10)]
    on_hand: Option<i64>,
    /// Pieces of these that are promised to customers. For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, example = 3)]
    reserved: Option<i64>,
    /// The level at each location that ever had some. For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<Vec<LevelBody>>,
    /// The ledger, newest entry first. For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    movements: Option<PageBody<MovementBody>>,
}

/// Read how much there is
///
/// Staff also see the levels and the ledger. Inventory does not know the catalog: of a product that it never heard of
/// there is nothing.
#[utoipa::path(
    tag = "inventory",
    security((), ("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id"),
        GetStockQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the stock as you have it"),
    ),
    responses(
        (status = 200, description = "The stock", body = StockBody, headers(
            ("ETag" = String, description = "For `If-None-Match`"),
        )),
        (status = 304, description = "It is as you have it"),
        (status = 400, description = "`invalid_query`, `invalid_cursor`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`stock_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/products/{id}/inventory")]
pub(super) async fn get_stock(
    api: web::Data<Api<dyn Inventory>>,
    call: Call,
    id: web::Path<String>,
    query: QueryParams<GetStockQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let product_id = path_id(&id, STOCK_NOT_FOUND)?;
    let page = page_request(query.0.limit, query.0.after)?;
    let is_staff = call.0.principal.is_staff();
    let levels = api.run(call.clone(), GetStock { product_id }).await?;
    let body = if is_staff {
        let movements = api.run(call, ListMovements { product_id, page }).await?;
        StockBody::for_staff(product_id, levels, movements)
    } else {
        StockBody::of(product_id, &levels)
    };
    ok_or_not_modified(&request, None, &body)
}

impl StockBody {
    fn of(product_id: ProductId, levels: &[StockLevel]) -> Self {
        Self {
            product_id,
            available: levels.iter().map(StockLevel::available).sum(),
            on_hand: None,
            reserved: None,
            levels: None,
            movements: None,
        }
    }

    fn for_staff(product_id: ProductId, levels: Vec<StockLevel>, movements: Page<Movement>) -> Self {
        let public = Self::of(product_id, &levels);
        Self {
            on_hand: Some(levels.iter().map(|level| level.on_hand).sum()),
            reserved: Some(levels.iter().map(|level| level.reserved).sum()),
            levels: Some(levels.into_iter().map(LevelBody::from).collect()),
            movements: Some(PageBody::of(movements)),
            ..public
        }
    }
}
