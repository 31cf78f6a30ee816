//! `GET /api/v1/admin/dead-letters`

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::bodies::DeadLetterBody;
use crate::adapters::shared::http::api::Api;
use crate::adapters::shared::http::call::Call;
use crate::adapters::shared::http::page::{PageBody, page_request};
use crate::adapters::shared::http::problem::{INVALID_QUERY, Problem, ProblemBody};
use crate::adapters::shared::http::query_params::QueryParams;
use crate::ports::shared::dead_letters::{At, DeadLetterDesk, ListDeadLetters, context_of};

/// Which dead letters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDeadLettersQuery {
    /// Only those of this context's consumers.
    #[param(example = "catalog")]
    context: Option<String>,
    /// Only those of this consumer.
    #[param(example = "catalog.on_stock_changed")]
    consumer: Option<String>,
    /// Entries of a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    after: Option<String>,
}

/// List dead letters
///
/// For staff. Events that a consumer could not digest, and those of the same subject that wait behind them; by consumer, in
/// the order of the log. Without their payloads.
#[utoipa::path(
    tag = "dead letters",
    security(("bearer" = [])),
    params(ListDeadLettersQuery),
    responses(
        (status = 200, description = "A page of dead letters", body = PageBody<DeadLetterBody>),
        (status = 400, description = "`invalid_query`, `invalid_cursor`",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/admin/dead-letters")]
pub(super) async fn list_dead_letters(
    api: web::Data<Api<dyn DeadLetterDesk>>,
    call: Call,
    query: QueryParams<ListDeadLettersQuery>,
) -> Result<HttpResponse, Problem> {
    let wish = ListDeadLetters {
        of: of(query.0.context, query.0.consumer)?,
        page: page_request(query.0.limit, query.0.after)?,
    };
    let page = api.run(call, At::of(wish)).await?;
    Ok(HttpResponse::Ok().json(PageBody::<DeadLetterBody>::of(page)))
}

/// A consumer's name says which context it is of.
fn of(context: Option<String>, consumer: Option<String>) -> Result<Option<String>, Problem> {
    match (context, consumer) {
        (Some(context), Some(consumer)) if context_of(&consumer) != context => {
            Err(Problem::new(INVALID_QUERY).detail("The consumer is not one of this context."))
        }
        (_, Some(consumer)) if !consumer.contains('.') => {
            Err(Problem::new(INVALID_QUERY).detail("A consumer's name begins with its context and a dot."))
        }
        (context, consumer) => Ok(consumer.or(context)),
    }
}
