//! Inventory's endpoints, one file each.

use utoipa_actix_web::service_config::ServiceConfig;

mod change_stock;
mod get_stock;

mod bodies;
pub mod problems;

/// Adds inventory's endpoints to an application that has `web::Data<Api<dyn Inventory>>`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(change_stock::change_stock).service(get_stock::get_stock);
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use utoipa_actix_web::AppExt;

    #[test]
    fn every_endpoint_is_in_the_openapi_document() {
        let (_app, document) = App::new().into_utoipa_app().configure(super::routes).split_for_parts();
        let document = serde_json::to_value(document).unwrap();
        let path = &document["paths"]["/api/v1/products/{id}/inventory"];
        let methods: Vec<&String> = path.as_object().unwrap().keys().collect();
        assert_eq!(methods, ["get", "post"]);
    }
}
