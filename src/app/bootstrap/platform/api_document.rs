//! `GET /api/v1/openapi.json`: the API, generated from the code that serves it.

use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, web};

/// Where the document is.
pub const PATH: &str = "/api/v1/openapi.json";

/// The document as it goes out.
pub struct ApiDocument(pub Bytes);

/// This document
#[utoipa::path(tag = "platform", responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json")))]
#[get("/api/v1/openapi.json")]
pub async fn openapi_json(document: web::Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.0.clone())
}
