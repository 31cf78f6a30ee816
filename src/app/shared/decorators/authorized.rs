//! Refuses callers who may not ask.

use std::sync::Arc;

use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// Checks the principal against [`Operation::ACCESS`] before the inner handler sees the operation.
pub struct Authorized<H: ?Sized>(pub Arc<H>);

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for Authorized<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        Op::ACCESS.check(&cx.principal)?;
        self.0.handle(cx, op)
    }
}
