//! `GET /api/v1/asyncapi.json`: the events, generated from the code that tells them.

use std::sync::LazyLock;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};

use crate::app::bootstrap::asyncapi;

/// The document as it goes out. It is the same in every process, whichever contexts it runs.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(asyncapi::document().to_string()));

/// The document of the events
///
/// What the shop tells at a message broker, if it is given one.
#[utoipa::path(tag = "platform", responses((status = 200, description = "AsyncAPI 3.0.", content_type = "application/json")))]
#[get("/api/v1/asyncapi.json")]
pub async fn asyncapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(DOCUMENT.clone())
}
