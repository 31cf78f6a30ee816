//! Does not begin what nobody waits for any more.

use std::sync::Arc;

use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// Answers [`Failure::Overloaded`] when the deadline has passed before the operation began: it waited too long for a
/// worker, and nothing has been done. What has begun is not interrupted: half an effect helps nobody.
pub struct WithinDeadline<H: ?Sized>(pub Arc<H>);

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for WithinDeadline<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        if cx.deadline.has_passed() {
            return Err(Failure::Overloaded);
        }
        self.0.handle(cx, op)
    }
}
