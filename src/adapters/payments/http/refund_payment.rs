//! `POST /api/v1/payments/{id}/refund`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::RefundBody;
use super::problems::PAYMENT_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::money::{InvalidMoney, MoneyInput};
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody, VALIDATION_FAILED};
use crate::domains::shared::money::Money;
use crate::ports::payments::operations::{Payments, RefundPayment};

/// How much goes back, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundPaymentBody {
    /// How much: more than zero, in the payment's currency. Where absent, all that is left.
    amount: Option<MoneyInput>,
    /// Why.
    #[validate(length(max = 200, message = "must have at most 200 characters"))]
    #[schema(min_length = 1, max_length = 200, example = "arrived broken")]
    reason: String,
}

/// Give money back
///
/// For staff. All refunds of a payment together never exceed what was taken.
#[utoipa::path(
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The payment's id"),
        ("Idempotency-Key" = String, Header, description = "Your name for this refund; the same one repeats it"),
    ),
    request_body = RefundPaymentBody,
    responses(
        (status = 201, description = "The refund, `completed`", body = RefundBody),
        (status = 400, description = "`idempotency_key_missing`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: you are not staff",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`payment_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`payment_not_refundable`, with `payment_status`; `refund_exceeds_captured`, with \
            `refundable`; `refund_refused`; `idempotency_key_in_flight`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `idempotency_key_reused`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/payments/{id}/refund")]
pub(super) async fn refund_payment(
    api: web::Data<Api<dyn Payments>>,
    call: Call,
    id: web::Path<String>,
    body: JsonBody<RefundPaymentBody>,
) -> Result<HttpResponse, Problem> {
    let op = RefundPayment {
        payment_id: path_id(&id, PAYMENT_NOT_FOUND)?,
        amount: body.0.amount.as_ref().map(amount).transpose()?,
        reason: body.0.reason,
    };
    let refund = api.run(call, op).await?;
    Ok(HttpResponse::Created().json(RefundBody::from(refund)))
}

fn amount(input: &MoneyInput) -> Result<Money, Problem> {
    input.money().map_err(|error| {
        let pointer = match error {
            InvalidMoney::Currency(_) => "/amount/currency",
            InvalidMoney::Exponent => "/amount/exponent",
        };
        Problem::new(VALIDATION_FAILED).field(pointer, error.to_string())
    })
}
