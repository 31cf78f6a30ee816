//! `POST /api/v1/users/register`

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::anonymous::AnonymousCall;
use super::bodies::{UserBody, email, secret};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::domains::shared::secret::Secret;
use crate::ports::identity::operations::{Identity, RegisterUser};

/// Who registers.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterUserBody {
    /// Where they get mail, and the name they will sign in with.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
    /// Their password.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 1024,
        example = "correct horse battery staple")]
    password: Secret,
    /// First name.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(example = "Ada", min_length = 1, max_length = 100)]
    first_name: String,
    /// Last name.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(example = "Lovelace", min_length = 1, max_length = 100)]
    last_name: String,
}

/// Register
///
/// Makes a customer. The password has 15 to 1,024 bytes of UTF-8; every character but NUL is allowed, none is needed.
#[utoipa::path(
    tag = "identity",
    security(()),
    request_body = RegisterUserBody,
    responses(
        (status = 201, description = "The user", body = UserBody),
        (status = 409, description = "`email_taken`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/users/register")]
pub(super) async fn register_user(
    api: web::Data<Api<dyn Identity>>,
    call: AnonymousCall,
    body: JsonBody<RegisterUserBody>,
) -> Result<HttpResponse, Problem> {
    let op = RegisterUser {
        email: email(&body.0.email)?,
        password: body.0.password,
        first_name: body.0.first_name,
        last_name: body.0.last_name,
    };
    let user = api.run(call.0, op).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, "/api/v1/users/profile"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(UserBody::from(user)))
}
