//! Identity's endpoints, one file each.

use utoipa_actix_web::service_config::ServiceConfig;

mod register_user;

mod log_in;
mod log_out;
mod refresh_tokens;

mod get_profile;
mod update_profile;

mod add_address;
mod list_addresses;
mod remove_address;
mod update_address;

mod key_set;

mod anonymous;
mod bodies;
pub mod problems;

/// Adds identity's endpoints to an application that has `web::Data<Api<dyn Identity>>` and, for the key set,
/// `web::Data<KeyBoard>`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(register_user::register_user)
        .service(log_in::log_in)
        .service(refresh_tokens::refresh_tokens)
        .service(log_out::log_out)
        .service(get_profile::get_profile)
        .service(update_profile::update_profile)
        .service(list_addresses::list_addresses)
        .service(add_address::add_address)
        .service(update_address::update_address)
        .service(remove_address::remove_address)
        .service(key_set::key_set);
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use utoipa_actix_web::AppExt;

    #[test]
    fn every_endpoint_is_in_the_openapi_document() {
        let (_app, document) = App::new().into_utoipa_app().configure(super::routes).split_for_parts();
        let document = serde_json::to_value(document).unwrap();
        let mut operations: Vec<String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{path} {method}"))
            })
            .collect();
        operations.sort();
        assert_eq!(
            operations,
            [
                "/.well-known/jwks.json get",
                "/api/v1/users/addresses get",
                "/api/v1/users/addresses post",
                "/api/v1/users/addresses/{id} delete",
                "/api/v1/users/addresses/{id} put",
                "/api/v1/users/login post",
                "/api/v1/users/logout post",
                "/api/v1/users/profile get",
                "/api/v1/users/profile put",
                "/api/v1/users/register post",
                "/api/v1/users/token/refresh post",
            ]
        );
    }
}
