//! `GET /internal/v1/events/{context}?after=&limit=`

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::authentication::admit;
use super::{InternalServices, refuse};
use crate::adapters::shared::remote::protocol::{EventsBody, EventsQuery, MAX_EVENT_BYTES, MAX_EVENTS, Refusal};
use crate::ports::shared::events::LoggedEvent;

/// The context's events behind a position, in order, for consumers elsewhere.
pub(super) async fn events(
    request: HttpRequest,
    context: web::Path<String>,
    services: web::Data<InternalServices>,
) -> HttpResponse {
    let context = match admit(&services, &request, &context) {
        Ok(context) => context,
        Err(refusal) => return refuse(refusal, String::new()),
    };
    let EventsQuery { after, limit } = match web::Query::<EventsQuery>::from_query(request.query_string()) {
        Ok(query) => query.into_inner(),
        Err(error) => return refuse(Refusal::Unreadable, error.to_string()),
    };
    let Some(feed) = context.events() else {
        return refuse(Refusal::ContextNotHere, String::new());
    };
    let feed = Arc::clone(feed);
    context
        .read(move || {
            let mut events = feed.read_after(after, limit.min(MAX_EVENTS))?;
            events.truncate(as_many_as_fit(&events));
            Ok(EventsBody { events })
        })
        .await
}

/// How many of these fit into an answer: at least one, so that a reader gets on.
fn as_many_as_fit(events: &[LoggedEvent]) -> usize {
    let mut bytes = 0_usize;
    let too_many = events.iter().skip(1).position(|logged| {
        bytes = bytes.saturating_add(logged.event.payload.len());
        bytes > MAX_EVENT_BYTES
    });
    too_many.map_or(events.len(), |position| position + 1)
}
