//! `GET /api/v1/orders/user/{userId}`

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::bodies::{OrderBody, StatusInput};
use super::problems::CUSTOMER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::page::{PageBody, page_request};
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::ports::orders::operations::{ListOrders, Orders};

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListOrdersQuery {
    /// Only orders that stand so.
    #[param(inline)]
    status: Option<StatusInput>,
    /// Entries of a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    after: Option<String>,
}

/// List a customer's orders
///
/// Newest first. Of oneself; of anybody for staff.
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(("user_id" = String, Path, description = "The customer's id"), ListOrdersQuery),
    responses(
        (status = 200, description = "A page of orders", body = PageBody<OrderBody>),
        (status = 304, description = "The page is as you have it"),
        (status = 400, description = "`invalid_query`, `invalid_cursor`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`customer_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/orders/user/{user_id}")]
pub(super) async fn list_orders(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    user_id: web::Path<String>,
    query: QueryParams<ListOrdersQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let op = ListOrders {
        customer_id: path_id(&user_id, CUSTOMER_NOT_FOUND)?,
        status: query.0.status.map(Into::into),
        page: page_request(query.0.limit, query.0.after)?,
    };
    let page = api.run(call, op).await?;
    ok_or_not_modified(&request, None, &PageBody::<OrderBody>::of(page))
}
