//! `PUT /api/v1/orders/{id}/status`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, put, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::{OrderBody, StatusInput};
use super::problems::ORDER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::{required_if_match, version_tag};
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::orders::operations::{Orders, SetOrderStatus};

/// Where an order is to stand.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetOrderStatusBody {
    /// `shipped`, `delivered` or `cancelled`.
    status: StatusInput,
}

/// Move an order on
///
/// For staff: ship, deliver, or cancel with stock and money going back. Only checkout confirms an order.
#[utoipa::path(
    tag = "orders",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The order's id"),
        ("If-Match" = String, Header, description = "The order's `ETag`"),
    ),
    request_body = SetOrderStatusBody,
    responses(
        (status = 200, description = "The order", body = OrderBody,
            headers(("ETag" = String, description = "Version of the order, for `If-Match`"))),
        (status = 404, description = "`order_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`illegal_transition`, with `from` and `to`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`precondition_required`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/api/v1/orders/{id}/status")]
pub(super) async fn set_order_status(
    api: web::Data<Api<dyn Orders>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
    body: JsonBody<SetOrderStatusBody>,
) -> Result<HttpResponse, Problem> {
    let op = SetOrderStatus {
        order_id: path_id(&id, ORDER_NOT_FOUND)?,
        status: body.0.status.into(),
        expected_version: required_if_match(&request)?,
    };
    let order = api.run(call, op).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(order.version)))
        .json(OrderBody::from(order)))
}
