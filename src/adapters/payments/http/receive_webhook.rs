//! `POST /api/v1/payments/webhooks/{provider}`

use actix_web::http::header::HeaderMap;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problems::{WEBHOOK_NOT_GENUINE, WEBHOOK_UNREADABLE, WEBHOOKS_NOT_TAKEN};
use crate::adapters::payments::providers::simulator_webhooks::signature_header;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::bounded_body;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::BODY_TIME;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::payments::operations::{Payments, ReceiveWebhook};

/// The largest webhook, in bytes: a charge and a refund are half of one KB.
const MAX_WEBHOOK_BYTES: usize = 64 * 1024;

/// A webhook is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookReceiptBody {
    /// Whether it was here before.
    duplicate: bool,
}

/// Take a webhook of the payment provider
///
/// For the provider, who shows by a signature over the very bytes of the body that it is the one: the simulator sends
/// `Banyan-Simulator-Signature: t=<seconds since 1970>,v1=<HMAC SHA-256 of "<t>.<body>" in hex>`. Once it is answered by
/// 200, it is on the disk and will be applied, in whatever order webhooks come. Any other answer: send it again, under
/// the same id and signed anew.
#[utoipa::path(
    tag = "payments",
    params(
        ("provider" = String, Path, description = "The provider's name, as in a payment's `provider`"),
        ("Banyan-Simulator-Signature" = Option<String>, Header, description = "The simulator's signature"),
    ),
    request_body(content = String, content_type = "application/json", description = "What happened, at most 64 KiB"),
    responses(
        (status = 200, description = "It is kept", body = WebhookReceiptBody),
        (status = 400, description = "`webhook_not_genuine`: no signature, a wrong one, or one from another time; \
            `webhook_unreadable`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`webhooks_not_taken`: not from a provider of this name",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`webhook_id_reused`: its id came before with another body",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/payments/webhooks/{provider}")]
pub(super) async fn receive_webhook(
    api: web::Data<Api<dyn Payments>>,
    call: Call,
    provider: web::Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let provider = provider.into_inner();
    let header = signature_header(&provider).ok_or(Problem::new(WEBHOOKS_NOT_TAKEN))?;
    let signature = signature_of(request.headers(), header)?.to_owned();
    let announced = bounded_body::announced_bytes(&request);
    let body = bounded_body::read(payload.into_inner(), announced, MAX_WEBHOOK_BYTES, BODY_TIME)
        .await
        .map_err(|error| error.into_problem(MAX_WEBHOOK_BYTES))?;
    // The signature is over these bytes: they go on as they are.
    let body = String::from_utf8(body.to_vec())
        .map_err(|_not_a_text| Problem::new(WEBHOOK_UNREADABLE).detail("It is not valid UTF-8."))?;
    let op = ReceiveWebhook {
        provider,
        signature,
        body,
    };
    let receipt = api.run(call, op).await?;
    Ok(HttpResponse::Ok().json(WebhookReceiptBody {
        duplicate: receipt.duplicate,
    }))
}

/// The one signature header; with none or two of them nobody has shown who they are.
fn signature_of<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Problem> {
    let mut values = headers.get_all(name);
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(signature)), None) => Ok(signature),
        _ => Err(Problem::new(WEBHOOK_NOT_GENUINE)),
    }
}
