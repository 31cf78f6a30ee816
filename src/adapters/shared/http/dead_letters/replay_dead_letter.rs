//! `POST /api/v1/admin/dead-letters/{id}/replay`

use actix_web::{HttpResponse, post, web};

use super::bodies::LetterGoneBody;
use super::problems::DEAD_LETTER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::shared::dead_letters::{At, DeadLetterDesk, ReplayDeadLetter};

/// Replay a dead letter
///
/// For staff. Its consumer takes the event in, once however often and by however many it is asked for: a letter that was
/// replayed is gone. Only the first of its lane; the answer names the one that comes next.
#[utoipa::path(
    tag = "dead letters",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 200, description = "It took effect", body = LetterGoneBody),
        (status = 404, description = "`dead_letter_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`dead_letter_not_first`, with `first`; `dead_letter_refused`, with `reason`; \
            `dead_letter_not_now`, with `reason`; `dead_letter_without_consumer`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/admin/dead-letters/{id}/replay")]
pub(super) async fn replay_dead_letter(
    api: web::Data<Api<dyn DeadLetterDesk>>,
    call: Call,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let wish = ReplayDeadLetter {
        id: path_id(&id, DEAD_LETTER_NOT_FOUND)?,
    };
    let gone = api.run(call, At::of(wish)).await?;
    Ok(HttpResponse::Ok().json(LetterGoneBody::from(gone)))
}
