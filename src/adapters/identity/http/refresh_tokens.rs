//! `POST /api/v1/users/token/refresh`

use actix_web::{HttpResponse, post, web};

use super::anonymous::AnonymousCall;
use super::bodies::{RefreshTokenBody, TokenBody, tokens};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{Identity, RefreshTokens};

/// Exchange a refresh token
///
/// For a new pair, once. A token that comes a second time has been stolen by one of the two who sent it: the session ends,
/// and both have to sign in again.
#[utoipa::path(
    tag = "identity",
    security(()),
    request_body = RefreshTokenBody,
    responses(
        (status = 200, description = "A pair of tokens", body = TokenBody),
        (status = 401, description = "`invalid_refresh_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/users/token/refresh")]
pub(super) async fn refresh_tokens(
    api: web::Data<Api<dyn Identity>>,
    call: AnonymousCall,
    body: JsonBody<RefreshTokenBody>,
) -> Result<HttpResponse, Problem> {
    let op = RefreshTokens {
        refresh_token: body.0.refresh_token,
    };
    api.run(call.0, op).await.map(|pair| tokens(&pair))
}
