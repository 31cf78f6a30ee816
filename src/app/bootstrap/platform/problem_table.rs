//! `GET /problems`, `GET /problems/{code}`: what the `type` of a problem points to.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::adapters::shared::http::dead_letters;
use crate::adapters::shared::http::problem::{self, Problem, ProblemBody, ProblemKind};
use crate::app::bootstrap::contexts;

/// The tables of the HTTP edge, of dead letters and of each context, in this order. No code stands twice (a test looks).
pub fn tables() -> impl Iterator<Item = (&'static str, &'static [ProblemKind])> {
    let of_contexts = contexts::ALL.iter().map(|context| (context.name, context.problems));
    let shared = [("shared", problem::KINDS), ("shared", dead_letters::problems::KINDS)];
    shared.into_iter().chain(of_contexts)
}

/// A kind of problem: a row of the table that clients program against.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemKindBody {
    /// The `type` of a problem of this kind.
    #[serde(rename = "type")]
    problem_type: String,
    /// The stable name. It never changes its meaning.
    code: &'static str,
    /// The HTTP status.
    status: u16,
    /// What it means, for people.
    title: &'static str,
    /// The part of the shop that it comes from; `shared` for all.
    context: &'static str,
}

/// All kinds of problems.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemTableBody {
    data: Vec<ProblemKindBody>,
}

fn rows() -> impl Iterator<Item = ProblemKindBody> {
    tables().flat_map(|(context, kinds)| {
        kinds.iter().map(move |kind| ProblemKindBody {
            problem_type: format!("/problems/{}", kind.code),
            code: kind.code,
            status: kind.status,
            title: kind.title,
            context,
        })
    })
}

/// All kinds of problems
#[utoipa::path(tag = "platform", responses((status = 200, body = ProblemTableBody)))]
#[get("/problems")]
pub async fn list_problems() -> HttpResponse {
    HttpResponse::Ok().json(ProblemTableBody { data: rows().collect() })
}

/// A kind of problem
#[utoipa::path(
    tag = "platform",
    params(("code" = String, Path, description = "The `code` of a problem.")),
    responses(
        (status = 200, body = ProblemKindBody),
        (status = 404, description = "`route_not_found`: there is no such kind",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/problems/{code}")]
pub async fn get_problem(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = rows().find(|row| row.code == code.as_str());
    row.map(|row| HttpResponse::Ok().json(row))
        .ok_or_else(|| Problem::new(problem::ROUTE_NOT_FOUND))
}
