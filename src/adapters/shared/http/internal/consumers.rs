//! `GET /internal/v1/consumers/{context}`

use actix_web::{HttpRequest, HttpResponse, web};

use super::authentication::admit;
use super::context::InternalConsumer;
use super::{InternalServices, refuse};
use crate::adapters::shared::remote::protocol::{ConsumerStanding, ConsumersBody, MAX_DEAD_LETTERS};
use crate::ports::shared::storage::StorageError;

/// Where the context's consumers stand and what they have set aside, for `banyan fsck` and whoever watches.
pub(super) async fn consumers(
    request: HttpRequest,
    context: web::Path<String>,
    services: web::Data<InternalServices>,
) -> HttpResponse {
    let context = match admit(&services, &request, &context) {
        Ok(context) => context,
        Err(refusal) => return refuse(refusal, String::new()),
    };
    let consumers = context.consumers().to_vec();
    context
        .read(move || {
            let consumers = consumers.iter().map(standing).collect::<Result<_, _>>()?;
            Ok(ConsumersBody { consumers })
        })
        .await
}

fn standing(consumer: &InternalConsumer) -> Result<ConsumerStanding, StorageError> {
    Ok(ConsumerStanding {
        name: consumer.name.to_owned(),
        log: consumer.log.to_owned(),
        position: consumer.standings.position(consumer.name)?,
        parked: consumer.standings.parked(consumer.name, MAX_DEAD_LETTERS)?,
    })
}
