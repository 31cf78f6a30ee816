//! `GET /api/v1/payments/{id}`

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::bodies::PaymentBody;
use super::problems::PAYMENT_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::payments::operations::{GetPayment, Payments};

/// Read a payment
///
/// Of one's own; any for staff.
#[utoipa::path(
    tag = "payments",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The payment's id")),
    responses(
        (status = 200, description = "The payment", body = PaymentBody,
            headers(("ETag" = String, description = "Version of the payment"))),
        (status = 304, description = "The payment is as you have it"),
        (status = 404, description = "`payment_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/payments/{id}")]
pub(super) async fn get_payment(
    api: web::Data<Api<dyn Payments>>,
    call: Call,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let op = GetPayment {
        payment_id: path_id(&id, PAYMENT_NOT_FOUND)?,
    };
    let payment = api.run(call, op).await?;
    ok_or_not_modified(&request, Some(payment.version), &PaymentBody::from(payment))
}
