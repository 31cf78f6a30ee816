//! `POST /api/v1/users/login`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::anonymous::AnonymousCall;
use super::bodies::{TokenBody, email, secret, tokens};
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::json_body::JsonBody;
use crate::adapters::shared::http::problem::{Problem, ProblemBody};
use crate::domains::shared::secret::Secret;
use crate::ports::identity::operations::{Identity, LogIn};

/// Who signs in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogInBody {
    /// The address they registered with.
    #[schema(example = "ada@example.com", max_length = 254)]
    email: String,
    /// Their password.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: Secret,
}

/// Sign in
///
/// Whether the address or the password is wrong is not told. A session lasts 30 days.
#[utoipa::path(
    tag = "identity",
    security(()),
    request_body = LogInBody,
    responses(
        (status = 200, description = "A pair of tokens", body = TokenBody),
        (status = 401, description = "`invalid_credentials`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/api/v1/users/login")]
pub(super) async fn log_in(
    api: web::Data<Api<dyn Identity>>,
    call: AnonymousCall,
    body: JsonBody<LogInBody>,
) -> Result<HttpResponse, Problem> {
    let op = LogIn {
        email: email(&body.0.email)?,
        password: body.0.password,
    };
    api.run(call.0, op).await.map(|pair| tokens(&pair))
}
