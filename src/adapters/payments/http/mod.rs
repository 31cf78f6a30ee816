//! The endpoints of payments, one file each.

use utoipa_actix_web::service_config::ServiceConfig;

mod process_payment;

mod refund_payment;

mod receive_webhook;

mod get_payment;
mod get_payment_of_order;

mod bodies;
pub mod problems;

/// Adds the endpoints of payments to an application that has `web::Data<Api<dyn Payments>>`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(process_payment::process_payment)
        .service(get_payment_of_order::get_payment_of_order)
        .service(get_payment::get_payment)
        .service(refund_payment::refund_payment)
        .service(receive_webhook::receive_webhook);
}
