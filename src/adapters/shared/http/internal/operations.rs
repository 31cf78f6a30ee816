//! `POST /internal/v1/{operation}`

use actix_web::{HttpRequest, HttpResponse, web};

use super::authentication::pass;
use super::contracts::name_contract;
use super::{InternalServices, refuse};
use crate::adapters::shared::http::bounded_body::{self, NotRead};
use crate::adapters::shared::remote::protocol::{CALL_ARRIVAL_TIME, MAX_CALL_BYTES, Refusal, context_of};

/// Carries out an operation. The body is read only for a sender that has shown a token, and looked at only when the token
/// is for this body.
pub(super) async fn carry_out(
    request: HttpRequest,
    operation: web::Path<String>,
    payload: web::Payload,
    services: web::Data<InternalServices>,
) -> HttpResponse {
    let context = context_of(&operation);
    let pass = match pass(&services, &request, context) {
        Ok(pass) => pass,
        Err(refusal) => return refuse(refusal, String::new()),
    };
    let announced = bounded_body::announced_bytes(&request);
    let call = match bounded_body::read(payload.into_inner(), announced, MAX_CALL_BYTES, CALL_ARRIVAL_TIME).await {
        Ok(call) => call,
        Err(NotRead::TooLarge) => return refuse(Refusal::TooLarge, format!("more than {MAX_CALL_BYTES} bytes")),
        Err(NotRead::TooSlow) => return refuse(Refusal::TooSlow, String::new()),
        Err(NotRead::BrokenOff) => return refuse(Refusal::Unreadable, "it broke off".to_owned()),
    };
    if !pass.covers(&call) {
        return refuse(Refusal::NotOneOfUs, String::new());
    }
    let Some(context) = services.context(context) else {
        return refuse(Refusal::ContextNotHere, String::new());
    };
    let mut answer = match context.carry_out(&operation, call) {
        Some(answer) => answer.await,
        None => refuse(Refusal::UnknownOperation, String::new()),
    };
    name_contract(&mut answer, context);
    answer
}
