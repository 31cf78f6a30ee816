//! `POST /api/v1/admin/dead-letters/{id}/discard`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::LetterGoneBody;
use super::problems::DEAD_LETTER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::shared::dead_letters::{At, DeadLetterDesk, DiscardDeadLetter};

/// Why it is given up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DiscardDeadLetterBody {
    /// For the shop's log.
    #[schema(min_length = 1, max_length = 200, example = "the product was a test")]
    reason: String,
}

/// Discard a dead letter
///
/// For staff. The event never takes effect there; it stays in the log of the context that told it. The shop's log keeps who
/// did so and why. What waits behind it in its lane can then be replayed.
#[utoipa::path(
    tag = "dead letters",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The dead letter's id")),
    request_body = DiscardDeadLetterBody,
    responses(
        (status = 200, description = "It is gone", body = LetterGoneBody),
        (status = 404, description = "`dead_letter_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/admin/dead-letters/{id}/discard")]
pub(super) async fn discard_dead_letter(
    api: web::Data<Api<dyn DeadLetterDesk>>,
    call: Call,
    id: web::Path<String>,
    body: JsonBody<DiscardDeadLetterBody>,
) -> Result<HttpResponse, Problem> {
    let wish = DiscardDeadLetter {
        id: path_id(&id, DEAD_LETTER_NOT_FOUND)?,
        reason: body.0.reason,
    };
    let gone = api.run(call, At::of(wish)).await?;
    Ok(HttpResponse::Ok().json(LetterGoneBody::from(gone)))
}
