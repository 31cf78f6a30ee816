//! The simulated provider as a process of its own: its endpoints, and what it does wrong on purpose.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use self::faults::{Fault, Faults};
use super::simulator::Simulator;
use super::simulator_wire::{AmountBody, AuthorizeBody, ChargeBody, ChargesBody, ChargesQuery, ErrorBody, PAGE_MAX};
use crate::domains::shared::money::Money;
use crate::ports::payments::outbound::{PaymentProvider, ProviderError};

pub mod faults;
pub mod webhook_faults;
pub mod webhook_sender;

/// The provider, and how it behaves.
pub struct SimulatorServer {
    /// Keeps the ledger.
    pub simulator: Simulator,
    /// What goes wrong.
    pub faults: Faults,
    /// How long an answer is held back that is not to arrive in time.
    pub hold: Duration,
    /// How long a slow answer takes.
    pub slow: Duration,
}

type Server = web::Data<SimulatorServer>;

/// The routes. `server` is one for all threads.
pub fn routes(server: Server) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(server)
            .route("/health", web::get().to(health))
            .route("/v1/faults", web::get().to(counts))
            .route("/v1/charges", web::get().to(list_charges))
            .route("/v1/charges/{key}", web::get().to(find_charge))
            .route("/v1/charges/{key}", web::put().to(authorize))
            .route("/v1/charges/{key}/capture", web::post().to(capture))
            .route("/v1/charges/{key}/void", web::post().to(void))
            .route("/v1/charges/{key}/refunds/{refund_key}", web::put().to(refund))
            .route("/v1/refunds/{refund_key}", web::get().to(find_refund));
    }
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// How often what went wrong.
async fn counts(server: Server) -> HttpResponse {
    let (requests, struck) = server.faults.counts();
    let webhooks = server.faults.webhooks.counts();
    HttpResponse::Ok().json(json!({"requests": requests, "struck": struck, "webhooks": webhooks}))
}

async fn authorize(server: Server, key: web::Path<String>, body: web::Json<AuthorizeBody>) -> HttpResponse {
    let AuthorizeBody { token, amount } = body.into_inner();
    answer(server, Touches::Writes, move |simulator| {
        simulator.authorize(&key, &token, amount).map(ChargeBody::from)
    })
    .await
}

async fn capture(server: Server, key: web::Path<String>, body: web::Json<AmountBody>) -> HttpResponse {
    answer(server, Touches::Writes, move |simulator| {
        simulator.capture(&key, body.amount).map(ChargeBody::from)
    })
    .await
}

async fn void(server: Server, key: web::Path<String>, body: web::Json<AmountBody>) -> HttpResponse {
    answer(server, Touches::Writes, move |simulator| {
        simulator.void(&key, body.amount).map(ChargeBody::from)
    })
    .await
}

async fn refund(server: Server, keys: web::Path<(String, String)>, body: web::Json<AmountBody>) -> HttpResponse {
    let (key, refund_key) = keys.into_inner();
    answer(server, Touches::Writes, move |simulator| {
        simulator.refund(&key, &refund_key, body.amount)?;
        Ok(AmountBody { amount: body.amount })
    })
    .await
}

async fn find_charge(server: Server, key: web::Path<String>) -> HttpResponse {
    answer(server, Touches::Reads, move |simulator| {
        Ok(simulator.find_charge(&key)?.map(ChargeBody::from))
    })
    .await
}

async fn find_refund(server: Server, refund_key: web::Path<String>) -> HttpResponse {
    answer(server, Touches::Reads, move |simulator| {
        let amount = simulator.find_refund(&refund_key)?;
        Ok(amount.map(|amount| AmountBody { amount }))
    })
    .await
}

async fn list_charges(server: Server, query: web::Query<ChargesQuery>) -> HttpResponse {
    answer(server, Touches::Reads, move |simulator| {
        let charges = simulator.list_charges(Some(&query.after), query.since, query.limit.min(PAGE_MAX))?;
        Ok(ChargesBody {
            charges: charges.into_iter().map(ChargeBody::from).collect(),
        })
    })
    .await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Touches {
    Reads,
    Writes,
}

/// What an answer says, and how it is told wrong.
trait Said: Serialize {
    /// Nothing is there.
    fn is_nothing(&self) -> bool {
        false
    }

    /// With another amount.
    fn exaggerate(&mut self) {}
}

impl Said for ChargeBody {
    fn exaggerate(&mut self) {
        self.authorized = one_more(self.authorized);
        self.captured = one_more(self.captured);
    }
}

impl Said for AmountBody {
    fn exaggerate(&mut self) {
        self.amount = one_more(self.amount);
    }
}

impl Said for ChargesBody {}

impl<S: Said> Said for Option<S> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

fn one_more(amount: Money) -> Money {
    Money::of(amount.minor().saturating_add(1), amount.currency())
}

/// Carries a request out and answers it, or does one of both wrong.
async fn answer<S: Said + Send + 'static>(
    server: Server,
    touches: Touches,
    carry_out: impl FnOnce(&Simulator) -> Result<S, ProviderError> + Send + 'static,
) -> HttpResponse {
    let fault = server.faults.next(touches == Touches::Reads);
    match fault {
        Some(Fault::Conflict) => return told(StatusCode::CONFLICT, "this key is being used"),
        Some(Fault::Busy) => {
            let mut busy = told(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            busy.headers_mut().insert(RETRY_AFTER, 1.into());
            return busy;
        }
        Some(Fault::TimeoutBefore) => {
            tokio::time::sleep(server.hold).await;
            return told(StatusCode::GATEWAY_TIMEOUT, "not in time");
        }
        Some(Fault::Slow) => tokio::time::sleep(server.slow).await,
        _ => {}
    }
    let (hold, data) = (server.hold, server.clone());
    let said = web::block(move || carry_out(&data.simulator)).await;
    match fault {
        Some(Fault::TimeoutAfter) => {
            tokio::time::sleep(hold).await;
            return told(StatusCode::GATEWAY_TIMEOUT, "not in time");
        }
        Some(Fault::ErrorAfter) => return told(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong"),
        _ => {}
    }
    let exaggerates = fault == Some(Fault::WrongAmount);
    let answer = match said {
        Ok(said) => answer_of(said, exaggerates),
        Err(error) => told(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    if fault == Some(Fault::CutOff) {
        return answer.map_body(|_head, body| CutOff(body.try_into_bytes().ok()).boxed());
    }
    answer
}

fn answer_of<S: Said>(said: Result<S, ProviderError>, exaggerates: bool) -> HttpResponse {
    match said {
        Ok(said) if said.is_nothing() => told(StatusCode::NOT_FOUND, "there is none"),
        Ok(mut said) => {
            if exaggerates {
                said.exaggerate();
            }
            HttpResponse::Ok().json(said)
        }
        Err(ProviderError::Refused(why)) => told(StatusCode::UNPROCESSABLE_ENTITY, &why),
        Err(error @ ProviderError::Unavailable(_)) => told(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        Err(error @ ProviderError::OutcomeUnknown(_)) => told(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn told(status: StatusCode, error: &str) -> HttpResponse {
    HttpResponse::build(status).json(ErrorBody {
        error: error.to_owned(),
    })
}

/// A body that promises all of its bytes, sends half of them and breaks off.
struct CutOff(Option<Bytes>);

impl MessageBody for CutOff {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        let bytes = self.0.as_ref().map_or(0, Bytes::len);
        BodySize::Sized(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
        let half = self.get_mut().0.take().map(|mut body| body.split_to(body.len() / 2));
        Poll::Ready(Some(half.ok_or_else(|| io::ErrorKind::ConnectionReset.into())))
    }
}
