//! `PUT /api/v1/users/profile`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, put, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::UserBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::conditional::{if_match, version_tag};
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::ports::identity::operations::{Identity, UpdateProfile};

/// What can be changed of a profile.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateProfileBody {
    /// First name.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(example = "Ada", min_length = 1, max_length = 100)]
    first_name: String,
    /// Last name.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(example = "Lovelace", min_length = 1, max_length = 100)]
    last_name: String,
}

/// Change your profile
///
/// With `If-Match`, what has changed since you read it is not overwritten; without, the last change wins.
#[utoipa::path(
    tag = "identity",
    security(("bearer" = [])),
    params(
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the profile as you read it"),
    ),
    request_body = UpdateProfileBody,
    responses(
        (status = 200, description = "The profile", body = UserBody, headers(
            ("ETag" = String, description = "Version of the profile, for `If-Match`"),
        )),
        (status = 401, description = "`unauthenticated`, `invalid_token`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`user_not_found`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/api/v1/users/profile")]
pub(super) async fn update_profile(
    api: web::Data<Api<dyn Identity>>,
    call: Call,
    request: HttpRequest,
    body: JsonBody<UpdateProfileBody>,
) -> Result<HttpResponse, Problem> {
    let op = UpdateProfile {
        first_name: body.0.first_name,
        last_name: body.0.last_name,
        expected_version: if_match(&request)?,
    };
    let user = api.run(call, op).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(user.version)))
        .json(UserBody::from(user)))
}
