//! `DELETE /api/v1/orders/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, delete, web};

use super::bodies::OrderBody;
use super::problems::ORDER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::version_tag;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::orders::operations::{CancelOrder, Orders};

/// Cancel an order
///
/// One's own, or any for staff, until it is on its way: stock back, money back. An order that is cancelled already is
/// answered as it is.
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "The order, `cancelled`", body = OrderBody,
            headers(("ETag" = String, description = "Version of the order, for `If-Match`"))),
        (status = 404, description = "`order_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`order_too_late`, `order_busy`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/api/v1/orders/{id}")]
pub(super) async fn cancel_order(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let op = CancelOrder {
        order_id: path_id(&id, ORDER_NOT_FOUND)?,
        reason: None,
    };
    let order = api.run(call, op).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(order.version)))
        .json(OrderBody::from(order)))
}
