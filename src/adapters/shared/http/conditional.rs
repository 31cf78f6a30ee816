//! Conditional requests: entity tags, `If-Match`, `If-None-Match` (RFC 9110, section 13).

use std::fmt::Write as _;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{self, Problem};

/// The entity tag of version `version` of an aggregate.
pub fn version_tag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The version that a writer has seen, from `If-Match`; `None` where the header is absent.
///
/// # Errors
/// 412 when the header holds no entity tag that ever was one of ours: it cannot match.
pub fn if_match(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|tag| tag.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok())
        .map(Some)
        .ok_or_else(|| Problem::new(problem::VERSION_MISMATCH).detail("Send the ETag of the resource as you read it."))
}

/// The version that a writer has seen, from `If-Match`.
///
/// # Errors
/// 428 where the header is absent, 412 as [`if_match`].
pub fn required_if_match(request: &HttpRequest) -> Result<i64, Problem> {
    if_match(request)?.ok_or_else(|| Problem::new(problem::PRECONDITION_REQUIRED))
}

/// The problem of a stale `If-Match`, with the tag that would match now.
pub fn version_mismatch(current: i64) -> Problem {
    Problem::new(problem::VERSION_MISMATCH).member("current_etag", version_tag(current))
}

/// 200 with a body and an entity tag, or 304 where the client has it already. The tag is that of the aggregate where
/// it has a version, else of the body's bytes.
///
/// # Errors
/// 500 when the body cannot be written as JSON.
pub fn ok_or_not_modified(
    request: &HttpRequest,
    version: Option<i64>,
    body: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let text = serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::new(problem::INTERNAL)
    })?;
    let tag = version.map_or_else(|| body_tag(&text), version_tag);
    if none_match(request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .content_type("application/json")
        .body(text))
}

fn none_match(request: &HttpRequest, tag: &str) -> bool {
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|list| {
            list.split(',')
                .map(str::trim)
                .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
        })
}

/// 128 bits of SHA-256: enough that two bodies never share a tag by chance.
fn body_tag(text: &str) -> String {
    let mut tag = String::from("\"");
    for byte in Sha256::digest(text).iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}
