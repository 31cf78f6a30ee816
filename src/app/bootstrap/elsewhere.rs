//! A context that does not run in this process.

use std::sync::Arc;

use crate::adapters::shared::remote::handler::Remote;
use crate::app::shared::decorators::traced::Traced;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// A context that does not run in this process.
pub enum Elsewhere<C: ?Sized> {
    /// It runs in another one.
    At(Traced<Remote<C>>),
    /// Nobody here needs it, and it is not known where it runs.
    Nowhere,
}

impl<C: ?Sized> Elsewhere<C> {
    /// It runs at the other end.
    pub fn at(remote: Remote<C>) -> Self {
        Self::At(Traced(Arc::new(remote)))
    }
}

impl<Op, C> Handler<Op> for Elsewhere<C>
where
    Op: Operation,
    C: ?Sized,
    Remote<C>: Handler<Op>,
{
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        match self {
            Self::At(remote) => remote.handle(cx, op),
            Self::Nowhere => {
                tracing::error!(operation = Op::NAME, "it is not known where this context runs");
                Err(Failure::Unavailable)
            }
        }
    }
}
