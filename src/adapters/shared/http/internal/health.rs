//! `GET /internal/v1/health`

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::InternalServices;

#[derive(Serialize)]
struct Health<'a> {
    contexts: Vec<&'a str>,
}

/// Which contexts run here. For everybody, since it says nothing else.
pub(super) async fn health(services: web::Data<InternalServices>) -> HttpResponse {
    let contexts = services.contexts.iter().map(super::InternalContext::name).collect();
    HttpResponse::Ok().json(Health { contexts })
}
