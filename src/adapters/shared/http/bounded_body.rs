//! Reads a body chunk by chunk, so that its limit holds before the whole is in memory.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use futures_core::Stream;

use super::problem::{self, Problem};

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    /// It has more bytes than may be.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The sender broke off.
    BrokenOff,
}

impl NotRead {
    /// The problem that it is to the sender of a body of at most `max_bytes`.
    pub fn into_problem(self, max_bytes: usize) -> Problem {
        match self {
            Self::TooLarge => Problem::new(problem::BODY_TOO_LARGE).member("max_bytes", max_bytes),
            // The rest of the body is not waited for.
            Self::TooSlow => {
                Problem::new(problem::BODY_TOO_SLOW).header(header::CONNECTION, HeaderValue::from_static("close"))
            }
            Self::BrokenOff => Problem::new(problem::BAD_REQUEST).detail("The body broke off."),
        }
    }
}

/// How many bytes the body will have, if its sender says so.
pub fn announced_bytes(request: &HttpRequest) -> Option<usize> {
    request
        .headers()
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The whole body: at most `max_bytes`, of which `announced` are expected, within `time`.
///
/// # Errors
/// [`NotRead`].
pub async fn read(
    payload: Payload,
    announced: Option<usize>,
    max_bytes: usize,
    time: Duration,
) -> Result<BytesMut, NotRead> {
    if announced.is_some_and(|bytes| bytes > max_bytes) {
        return Err(NotRead::TooLarge);
    }
    tokio::time::timeout(time, read_all(payload, max_bytes))
        .await
        .map_err(|_elapsed| NotRead::TooSlow)?
}

async fn read_all(mut payload: Payload, max_bytes: usize) -> Result<BytesMut, NotRead> {
    let mut body = BytesMut::new();
    loop {
        let next: Option<Result<Bytes, PayloadError>> =
            std::future::poll_fn(|cx| std::pin::Pin::new(&mut payload).poll_next(cx)).await;
        match next {
            None => return Ok(body),
            Some(Err(_broken_off)) => return Err(NotRead::BrokenOff),
            Some(Ok(chunk)) if body.len() + chunk.len() > max_bytes => return Err(NotRead::TooLarge),
            Some(Ok(chunk)) => body.extend_from_slice(&chunk),
        }
    }
}
