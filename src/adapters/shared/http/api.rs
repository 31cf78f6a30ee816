//! From the asynchronous edge to the synchronous use cases.

use std::sync::Arc;

use actix_web::web;

use super::bulkhead::{Bulkhead, BulkheadSize};
use super::call::Call;
use super::problem::{IntoProblem, Problem};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Kind, Operation};

/// A context as its endpoints see it: `Api<dyn Catalog>`. Queries and commands have bulkheads of their own, so that
/// browsing cannot take the room of buying.
pub struct Api<C: ?Sized> {
    context: Arc<C>,
    queries: Arc<Bulkhead>,
    commands: Arc<Bulkhead>,
}

impl<C: ?Sized> Api<C> {
    /// A context behind bulkheads of these sizes.
    pub fn new(context: Arc<C>, queries: BulkheadSize, commands: BulkheadSize) -> Self {
        Self {
            context,
            queries: Arc::new(Bulkhead::new(queries)),
            commands: Arc::new(Bulkhead::new(commands)),
        }
    }
}

impl<C: ?Sized + Send + Sync + 'static> Api<C> {
    /// Carries out an operation on a worker thread. It is carried out to its end even when the client goes away.
    ///
    /// # Errors
    /// The problem that its failure is to a client; 503 `overloaded` when there is no room.
    pub async fn run<Op>(&self, call: Call, op: Op) -> Result<Op::Reply, Problem>
    where
        Op: Operation,
        Op::Error: IntoProblem,
        C: Handler<Op>,
    {
        let bulkhead = match Op::KIND {
            Kind::Query => &self.queries,
            Kind::Command => &self.commands,
        };
        let Some(place) = bulkhead.enter().await else {
            return Err(Failure::<Op::Error>::Overloaded.into());
        };
        let context = Arc::clone(&self.context);
        // The place goes with the work: a client that goes away does not make room for another one yet.
        let work = move || {
            let _place = place;
            context.handle(&call.0, op)
        };
        match web::block(work).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => {
                tracing::error!(%error, operation = Op::NAME, "the use case did not come to an end");
                Err(Failure::<Op::Error>::internal(error.to_string()).into())
            }
        }
    }
}
