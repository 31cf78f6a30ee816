//! What is done around every operation of a context that runs here, whoever calls it.

use std::sync::Arc;

use crate::app::shared::decorators::authorized::Authorized;
use crate::app::shared::decorators::deadline::WithinDeadline;
use crate::app::shared::decorators::traced::Traced;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// The decorators, outermost first.
type Decorated<S> = Traced<WithinDeadline<Authorized<S>>>;

/// A service as its callers in this process reach it.
pub struct Ported<S>(Decorated<S>);

impl<S> Ported<S> {
    /// By a function call.
    pub fn direct(service: Arc<S>) -> Self {
        Self(Traced(Arc::new(WithinDeadline(Arc::new(Authorized(service))))))
    }
}

impl<Op: Operation, S: Handler<Op>> Handler<Op> for Ported<S> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        self.0.handle(cx, op)
    }
}
