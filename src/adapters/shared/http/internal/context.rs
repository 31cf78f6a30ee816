//! A context as the internal server sees it: by the names of its operations.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::BytesMut;
use serde::Serialize;

use super::refuse;
use crate::adapters::shared::http::bulkhead::{BulkheadSize, Bulkheads, NotRun};
use crate::adapters::shared::remote::protocol::Refusal;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::contract::Contract;
use crate::ports::shared::events::{ConsumerStandings, EventFeed};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Kind, Operation, TableOfContents, WithOperation};
use crate::ports::shared::storage::StorageError;
use crate::ports::shared::wire::{self, Answer};

/// A context that runs here.
#[derive(Clone)]
pub struct InternalContext {
    name: &'static str,
    operations: Arc<dyn ByName>,
    contract: Arc<PublishedContract>,
    bulkheads: Bulkheads,
    events: Option<Arc<dyn EventFeed>>,
    consumers: Vec<InternalConsumer>,
}

/// A context's contract, written down once.
pub(super) struct PublishedContract {
    pub(super) json: String,
    pub(super) digest: String,
}

/// A consumer of a context that runs here.
#[derive(Clone)]
pub struct InternalConsumer {
    /// Its stable name.
    pub name: &'static str,
    /// The context whose log it reads.
    pub log: &'static str,
    /// Where it stands.
    pub standings: Arc<dyn ConsumerStandings>,
}

impl InternalContext {
    /// A context (`dyn Orders`) behind bulkheads of these sizes: calls from elsewhere cannot take the room of the
    /// storefront's, nor the other way round. `handle` must be decorated as for anybody else: who may ask is decided there.
    pub fn of<C: TableOfContents + ?Sized>(handle: Arc<C>, queries: BulkheadSize, commands: BulkheadSize) -> Self {
        let bulkheads = Bulkheads::new(queries, commands);
        let contract = Contract::of::<C>();
        Self {
            name: C::CONTEXT,
            operations: Arc::new(Served {
                handle,
                bulkheads: bulkheads.clone(),
            }),
            contract: Arc::new(PublishedContract {
                digest: contract.digest(),
                // Plain values: see `Contract::digest`. A peer that cannot read it calls nothing.
                json: serde_json::to_string(&contract).unwrap_or_default(),
            }),
            bulkheads,
            events: None,
            consumers: Vec::new(),
        }
    }

    /// Also with its event log.
    #[must_use]
    pub fn with_events(self, events: Arc<dyn EventFeed>) -> Self {
        Self {
            events: Some(events),
            ..self
        }
    }

    /// Also with one of its consumers.
    #[must_use]
    pub fn with_consumer(mut self, consumer: InternalConsumer) -> Self {
        self.consumers.push(consumer);
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn contract(&self) -> &PublishedContract {
        &self.contract
    }

    pub(super) fn events(&self) -> Option<&Arc<dyn EventFeed>> {
        self.events.as_ref()
    }

    pub(super) fn consumers(&self) -> &[InternalConsumer] {
        &self.consumers
    }

    /// Reads something of the context's databases on a worker thread, as a query does.
    pub(super) async fn read<T: Serialize + 'static>(
        &self,
        reading: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
    ) -> HttpResponse {
        let text = move || reading().map(|body| serde_json::to_vec(&body));
        match self.bulkheads.run(Kind::Query, text).await {
            Ok(Ok(Ok(text))) => HttpResponse::Ok().content_type("application/json").body(text),
            Ok(Ok(Err(error))) => unreadable(self.name, &error.to_string()),
            Ok(Err(error)) => unreadable(self.name, &error.with_sources()),
            Err(NotRun::NoRoom) => refuse(Refusal::Overloaded, String::new()),
            Err(error @ NotRun::BrokeOff(_)) => unreadable(self.name, &error.to_string()),
        }
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

fn unreadable(context: &str, error: &str) -> HttpResponse {
    tracing::warn!(context, error, "cannot be read for a peer now");
    refuse(Refusal::Unavailable, error.to_owned())
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
