//! The internal server: where the shop's other processes reach the contexts that run in this one. The other half of the
//! protocol is `adapters/shared/remote`.
//!
//! Nothing here is for the storefront: it listens at an address of its own, and everything but the health check is for
//! senders that show a service token. Where there are certificates, nobody gets as far as here without one.

use actix_web::{HttpResponse, web};

use self::context::InternalContext;
use crate::adapters::shared::remote::protocol::{PREFIX, Refusal, RefusalBody};
use crate::adapters::shared::remote::service_token::ServiceVerifier;

pub mod context;

mod authentication;
mod consumers;
mod contracts;
mod events;
mod health;
mod keys;
mod operations;

/// What the other processes reach.
pub struct InternalServices {
    contexts: Vec<InternalContext>,
    verifier: ServiceVerifier,
    public_keys: Option<String>,
}

impl InternalServices {
    /// These contexts, for senders that `verifier` takes for the shop's own.
    pub fn new(verifier: ServiceVerifier, contexts: Vec<InternalContext>) -> Self {
        Self {
            contexts,
            verifier,
            public_keys: None,
        }
    }

    /// Also with identity's public keys, as JSON, where identity runs.
    #[must_use]
    pub fn with_public_keys(self, json: String) -> Self {
        Self {
            public_keys: Some(json),
            ..self
        }
    }

    fn context(&self, name: &str) -> Option<&InternalContext> {
        self.contexts.iter().find(|context| context.name() == name)
    }
}

/// The routes. `services` is one for all threads.
pub fn routes(services: web::Data<InternalServices>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(services)
            .service(
                web::scope(PREFIX)
                    .route("/health", web::get().to(health::health))
                    .route("/keys", web::get().to(keys::keys))
                    .route("/contracts/{context}", web::get().to(contracts::contract))
                    .route("/events/{context}", web::get().to(events::events))
                    .route("/consumers/{context}", web::get().to(consumers::consumers))
                    .route("/{operation}", web::post().to(operations::carry_out)),
            )
            .default_service(web::to(unknown_address));
    }
}

async fn unknown_address() -> HttpResponse {
    refuse(Refusal::UnknownAddress, String::new())
}

/// `detail` is for the log of the one who is refused, who is one of us.
fn refuse(refusal: Refusal, detail: String) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(refusal.status());
    HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR))
        .json(RefusalBody { refusal, detail })
}
