//! A context as the internal server sees it: by the names of its operations.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::BytesMut;

use super::refuse;
use crate::adapters::shared::http::bulkhead::{BulkheadSize, Bulkheads, NotRun};
use crate::adapters::shared::remote::protocol::Refusal;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation, TableOfContents, WithOperation};
use crate::ports::shared::wire::{self, Answer};

/// A context that runs here.
#[derive(Clone)]
pub struct InternalContext {
    name: &'static str,
    operations: Arc<dyn ByName>,
}

impl InternalContext {
    /// A context (`dyn Orders`) behind bulkheads of these sizes: calls from elsewhere cannot take the room of the
    /// storefront's, nor the other way round. `handle` must be decorated as for anybody else: who may ask is decided there.
    pub fn of<C: TableOfContents + ?Sized>(handle: Arc<C>, queries: BulkheadSize, commands: BulkheadSize) -> Self {
        Self {
            name: C::CONTEXT,
            operations: Arc::new(Served {
                handle,
                bulkheads: Bulkheads::new(queries, commands),
            }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Carries out the operation of this name; `None` if there is none.
    pub(super) fn carry_out(&self, operation: &str, call: BytesMut) -> Option<Carrying> {
        self.operations.carry_out(operation, call)
    }
}

/// The answer to be.
pub(super) type Carrying = Pin<Box<dyn Future<Output = HttpResponse>>>;

trait ByName: Send + Sync {
    fn carry_out(&self, operation: &str, call: BytesMut) -> Option<Carrying>;
}

struct Served<C: ?Sized> {
    handle: Arc<C>,
    bulkheads: Bulkheads,
}

impl<C: TableOfContents + ?Sized> ByName for Served<C> {
    fn carry_out(&self, operation: &str, call: BytesMut) -> Option<Carrying> {
        let call = ReceivedCall {
            handle: Arc::clone(&self.handle),
            bulkheads: self.bulkheads.clone(),
            text: call,
        };
        C::with_operation(operation, call)
    }
}

struct ReceivedCall<C: ?Sized> {
    handle: Arc<C>,
    bulkheads: Bulkheads,
    text: BytesMut,
}

impl<C: ?Sized + Send + Sync + 'static> WithOperation<C> for ReceivedCall<C> {
    type Output = Carrying;

    fn with<Op: Operation>(self) -> Carrying
    where
        C: Handler<Op>,
    {
        Box::pin(async move {
            // Read before it waits for a worker: its deadline runs from now.
            let (cx, op) = match wire::read_call::<Op>(&self.text) {
                Ok(call) => call,
                Err(error) => return refuse(Refusal::Unreadable, error.to_string()),
            };
            let handle = self.handle;
            let done = self.bulkheads.run(Op::KIND, move || answer(&*handle, &cx, op)).await;
            match done {
                Ok(Ok(text)) => HttpResponse::Ok().content_type("application/json").body(text),
                Ok(Err(error)) => broken::<Op>(&error.to_string()),
                Err(NotRun::NoRoom) => refuse(Refusal::Overloaded, String::new()),
                Err(error @ NotRun::BrokeOff(_)) => broken::<Op>(&error.to_string()),
            }
        })
    }
}

fn answer<Op: Operation, C: Handler<Op> + ?Sized>(
    handle: &C,
    cx: &CallContext,
    op: Op,
) -> Result<Vec<u8>, serde_json::Error> {
    let result = handle.handle(cx, op);
    let replayed = cx.was_replayed();
    wire::write_answer::<Op>(&Answer { result, replayed })
}

/// What the caller would have got from a use case that panics in its own process.
fn broken<Op: Operation>(error: &str) -> HttpResponse {
    tracing::error!(error, operation = Op::NAME, "no answer");
    let answer = Answer {
        result: Err(Failure::internal(error)),
        replayed: false,
    };
    match wire::write_answer::<Op>(&answer) {
        Ok(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Err(_unwritable) => HttpResponse::InternalServerError().finish(),
    }
}
