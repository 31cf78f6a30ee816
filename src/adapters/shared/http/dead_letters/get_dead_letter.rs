//! `GET /api/v1/admin/dead-letters/{id}`

use actix_web::{HttpResponse, get, web};

use super::bodies::DeadLetterBody;
use super::problems::DEAD_LETTER_NOT_FOUND;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::path_id::path_id;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::shared::dead_letters::{At, DeadLetterDesk, GetDeadLetter};

/// Read a dead letter
///
/// For staff. With the event's payload.
#[utoipa::path(
    tag = "dead letters",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The dead letter's id")),
    responses(
        (status = 200, description = "The dead letter", body = DeadLetterBody),
        (status = 404, description = "`dead_letter_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/admin/dead-letters/{id}")]
pub(super) async fn get_dead_letter(
    api: web::Data<Api<dyn DeadLetterDesk>>,
    call: Call,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let wish = GetDeadLetter {
        id: path_id(&id, DEAD_LETTER_NOT_FOUND)?,
    };
    let parked = api.run(call, At::of(wish)).await?;
    Ok(HttpResponse::Ok().json(DeadLetterBody::whole(parked)))
}
