//! From the asynchronous edge to the synchronous use cases.

use std::sync::Arc;

use super::bulkhead::{BulkheadSize, Bulkheads, NotRun};
use super::call::Call;
use super::problem::{IntoProblem, Problem};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// A context as its endpoints see it: `Api<dyn Catalog>`.
pub struct Api<C: ?Sized> {
    context: Arc<C>,
    bulkheads: Bulkheads,
}

impl<C: ?Sized> Api<C> {
    /// A context behind bulkheads of these sizes.
    pub fn new(context: Arc<C>, queries: BulkheadSize, commands: BulkheadSize) -> Self {
        Self {
            context,
            bulkheads: Bulkheads::new(queries, commands),
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
        let context = Arc::clone(&self.context);
        let result = self.bulkheads.run(Op::KIND, move || context.handle(&call.0, op)).await;
        result
            .unwrap_or_else(|error| {
                Err(match error {
                    NotRun::NoRoom => Failure::Overloaded,
                    NotRun::BrokeOff(_) => {
                        tracing::error!(%error, operation = Op::NAME, "no answer");
                        Failure::internal(error.to_string())
                    }
                })
            })
            .map_err(Problem::from)
    }
}
