//! The endpoints of orders, one file each.

use utoipa_actix_web::service_config::ServiceConfig;

mod place_order;

mod cancel_order;
mod get_order;
mod get_order_details;
mod list_orders;
mod set_order_status;

mod bodies;
pub mod problems;

/// Adds the endpoints of orders to an application that has `web::Data<Api<dyn Orders>>`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(place_order::place_order)
        .service(list_orders::list_orders)
        .service(get_order_details::get_order_details)
        .service(get_order::get_order)
        .service(set_order_status::set_order_status)
        .service(cancel_order::cancel_order);
}
