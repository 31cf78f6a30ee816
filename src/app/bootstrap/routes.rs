//! All endpoints, and the document that describes them.

use std::collections::BTreeSet;

use actix_web::App;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use super::rooms::Routes;
use super::{contexts, platform};
use crate::adapters::shared::http::dead_letters;
use crate::adapters::shared::http::problem::ProblemBody;

/// The endpoints of all contexts, and those for which all of them are needed.
pub fn all() -> impl Iterator<Item = Routes> {
    let of_contexts = contexts::ALL.iter().map(|room| room.routes);
    of_contexts.chain(contexts::ROUTES_OF_ALL.iter().copied())
}

/// Adds these endpoints, and those of the platform.
pub fn add(config: &mut ServiceConfig<'_>, routes: impl IntoIterator<Item = Routes>) {
    for add_routes in routes {
        add_routes(config);
    }
    dead_letters::routes(config);
    platform::routes(config);
}

/// What the document says beside the endpoints.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Banyan",
        description = "An e-commerce backend. Money is in minor units, time in UTC, errors are problems (RFC 9457) whose \
            `code` is stable: `/problems` lists them all. Repeat a request safely by sending the `Idempotency-Key` of the \
            first attempt."
    ),
    servers((url = "/", description = "Where this document came from")),
    tags(
        (name = "identity", description = "Accounts, sign-in, address books"),
        (name = "catalog", description = "What the shop sells"),
        (name = "inventory", description = "How much there is"),
        (name = "orders", description = "What was bought"),
        (name = "payments", description = "The money"),
        (name = "dead letters", description = "Events that could not be digested, for staff"),
        (name = "platform", description = "The state of the shop, and this document"),
    ),
    components(schemas(ProblemBody)),
    modifiers(&BearerScheme)
)]
struct BesideTheEndpoints;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut Document) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        bearer.description = Some("The `access_token` of `POST /api/v1/users/login`.".to_owned());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The OpenAPI document of these endpoints: made from themselves, without anything that they need to run.
pub fn document(routes: impl IntoIterator<Item = Routes>) -> Document {
    let (_app, document) = App::new()
        .into_utoipa_app()
        .openapi(BesideTheEndpoints::openapi())
        .configure(|config| add(config, routes))
        .split_for_parts();
    drop_unused_tags(document)
}

/// A process, or a crate of one context, describes what it serves alone.
fn drop_unused_tags(mut document: Document) -> Document {
    let operations = document.paths.paths.values().flat_map(|item| {
        [&item.get, &item.put, &item.post, &item.patch, &item.delete]
            .into_iter()
            .flatten()
    });
    let used: BTreeSet<String> = operations
        .flat_map(|operation| operation.tags.clone().unwrap_or_default())
        .collect();
    if let Some(tags) = &mut document.tags {
        tags.retain(|tag| used.contains(&tag.name));
    }
    document
}
