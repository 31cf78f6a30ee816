//! `POST /api/v1/payments/process`

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::PaymentBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::version_tag;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::payment_input::PaymentInput;
use crate::adapters::shared::http::problem::{Problem, ProblemBody, VALIDATION_FAILED};
use crate::domains::shared::ids::InvalidId;
use crate::ports::payments::operations::{Payments, ProcessPayment};

/// What to pay, and how. How much is the order's to say: there is no field for it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessPaymentBody {
    /// The order that waits to be paid.
    #[schema(example = "ord_01h2e8kqvbfwea724h75qc655w")]
    order_id: String,
    /// How it is paid.
    #[validate(nested)]
    payment: PaymentInput,
}

/// Pay an order that waits for it
///
/// For an order that was placed without a payment. The amount is the order's total. A card that is refused leaves the
/// order waiting for another attempt, under a new `Idempotency-Key`, until its reservation expires. Once the amount is
/// taken, the order is confirmed within moments.
#[utoipa::path(
    tag = "payments",
    security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "Your name for this attempt; the same one repeats it")),
    request_body = ProcessPaymentBody,
    responses(
        (status = 201, description = "The payment, `completed`", body = PaymentBody,
            headers(("ETag" = String, description = "Version of the payment"),
                ("Location" = String, description = "Where the payment can be read"))),
        (status = 400, description = "`idempotency_key_missing`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "`payment_attempt_declined`, with `reason`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`payment_not_found`: no payment of yours was asked for this order",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`payment_not_pending`, with `payment_status`; `payment_busy`; \
            `idempotency_key_in_flight`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, `card_data_not_accepted`, `idempotency_key_reused`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/payments/process")]
pub(super) async fn process_payment(
    api: web::Data<Api<dyn Payments>>,
    call: Call,
    body: JsonBody<ProcessPaymentBody>,
) -> Result<HttpResponse, Problem> {
    let payment = api.run(call, body.0.operation()?).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/payments/{}", payment.id)))
        .insert_header((header::ETAG, version_tag(payment.version)))
        .json(PaymentBody::from(payment)))
}

impl ProcessPaymentBody {
    fn operation(self) -> Result<ProcessPayment, Problem> {
        let wrong = |error: InvalidId| Problem::new(VALIDATION_FAILED).field("/order_id", error.to_string());
        Ok(ProcessPayment {
            order_id: self.order_id.parse().map_err(wrong)?,
            token: self.payment.token()?,
        })
    }
}
