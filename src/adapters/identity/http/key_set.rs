//! `GET /.well-known/jwks.json`

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};

use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::http::problem::{self, Problem, ProblemBody};

/// How long the key set may be cached, in seconds: a new key is seen by then.
const MAX_AGE_SECONDS: u32 = 300;

/// Read the public keys
///
/// That verify access tokens, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(
    tag = "identity",
    security(()),
    responses(
        (status = 200, description = "The key set", body = serde_json::Value),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn key_set(keys: web::Data<KeyBoard>) -> Result<HttpResponse, Problem> {
    let keys = keys.public_keys().ok_or_else(problem::unavailable)?;
    let text = keys.to_json().map_err(|error| {
        tracing::error!(%error, "the key set cannot be written");
        Problem::new(problem::INTERNAL)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={MAX_AGE_SECONDS}")))
        .content_type("application/json")
        .body(text))
}
