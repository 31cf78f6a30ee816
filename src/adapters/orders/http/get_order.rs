//! `GET /api/v1/orders/{id}`

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::bodies::OrderBody;
use super::problems::ORDER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::orders::operations::{GetOrder, Orders};

/// Read an order
///
/// Of one's own; any for staff.
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "The order", body = OrderBody,
            headers(("ETag" = String, description = "Version of the order, for `If-Match`"))),
        (status = 304, description = "The order is as you have it"),
        (status = 404, description = "`order_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/orders/{id}")]
pub(super) async fn get_order(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let order = api
        .run(
            call,
            GetOrder {
                order_id: path_id(&id, ORDER_NOT_FOUND)?,
            },
        )
        .await?;
    ok_or_not_modified(&request, Some(order.version), &OrderBody::from(order))
}
