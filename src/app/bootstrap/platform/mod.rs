//! Endpoints that belong to no context: whether the shop is well, what its API is, what its problems mean.

pub mod api_document;
pub mod async_api_document;
pub mod health;
pub mod integrity;
pub mod no_route;
pub mod problem_table;
pub mod swagger;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds the endpoints.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(health::live)
        .service(health::ready)
        .service(api_document::openapi_json)
        .service(async_api_document::asyncapi_json)
        .service(problem_table::list_problems)
        .service(problem_table::get_problem);
    config.map(swagger::routes);
}
