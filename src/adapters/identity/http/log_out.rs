//! `POST /api/v1/users/logout`

use actix_web::{HttpResponse, post, web};

use super::anonymous::AnonymousCall;
use super::bodies::RefreshTokenBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{Identity, LogOut};

/// Sign out
///
/// Ends the session of a refresh token. A token that is not known is answered alike. The access token is good until it
/// expires.
#[utoipa::path(
    tag = "identity",
    security(()),
    request_body = RefreshTokenBody,
    responses(
        (status = 204, description = "The session has ended"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/users/logout")]
pub(super) async fn log_out(
    api: web::Data<Api<dyn Identity>>,
    call: AnonymousCall,
    body: JsonBody<RefreshTokenBody>,
) -> Result<HttpResponse, Problem> {
    let op = LogOut {
        refresh_token: body.0.refresh_token,
    };
    api.run(call.0, op).await?;
    Ok(HttpResponse::NoContent().finish())
}
