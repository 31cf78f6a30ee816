//! Dead letters for staff: endpoints of no one context, one file each. An application has them with
//! `web::Data<Api<dyn DeadLetterDesk>>`.

use utoipa_actix_web::service_config::ServiceConfig;

mod discard_dead_letter;
mod get_dead_letter;
mod list_dead_letters;
mod replay_dead_letter;

mod bodies;
pub mod problems;

/// Adds the endpoints.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_dead_letters::list_dead_letters)
        .service(get_dead_letter::get_dead_letter)
        .service(replay_dead_letter::replay_dead_letter)
        .service(discard_dead_letter::discard_dead_letter);
}
