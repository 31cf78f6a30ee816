//! `GET /api/v1/users/profile`

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::bodies::UserBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::ok_or_not_modified;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{GetProfile, Identity};

/// Read your profile
///
/// Of whoever the access token speaks for.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    params(
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the profile as you have it"),
    ),
    responses(
        (status = 200, description = "The profile", body = UserBody, headers(
            ("ETag" = String, description = "Version of the profile, for `If-Match`"),
        )),
        (status = 304, description = "It is as you have it"),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`user_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/users/profile")]
pub(super) async fn get_profile(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user = api.run(call, GetProfile {}).await?;
    ok_or_not_modified(&request, Some(user.version), &UserBody::from(user))
}
