//! The catalog's endpoints, one file each.

use utoipa_actix_web::service_config::ServiceConfig;

mod create_product;
mod get_product;
mod list_products;
mod update_product;

mod create_category;
mod get_category;
mod list_categories;

mod bodies;
pub mod problems;

/// Adds the catalog's endpoints to an application that has `web::Data<Api<dyn Catalog>>`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_product::create_product)
        .service(get_product::get_product)
        .service(list_products::list_products)
        .service(update_product::update_product)
        .service(create_category::create_category)
        .service(get_category::get_category)
        .service(list_categories::list_categories);
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use utoipa_actix_web::AppExt;

    #[test]
    fn every_endpoint_is_in_the_openapi_document() {
        let (_app, document) = App::new().into_utoipa_app().configure(super::routes).split_for_parts();
        let document = serde_json::to_value(document).unwrap();
        let operations: Vec<String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{method} {path}"))
            })
            .collect();
        assert_eq!(
            operations,
            [
                "get /api/v1/categories",
                "post /api/v1/categories",
                "get /api/v1/categories/{slug}",
                "get /api/v1/products",
                "post /api/v1/products",
                "get /api/v1/products/{id}",
                "put /api/v1/products/{id}",
            ]
        );
    }
}
