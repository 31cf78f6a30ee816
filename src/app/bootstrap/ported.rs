//! What is done around every operation of a context that runs here, whoever calls it.

use std::sync::Arc;

use crate::app::shared::decorators::authorized::Authorized;
use crate::app::shared::decorators::deadline::WithinDeadline;
use crate::app::shared::decorators::loopback::{Loopback, LoopbackWay};
use crate::app::shared::decorators::traced::Traced;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Operation};

/// The decorators, outermost first.
type Decorated<S> = Traced<WithinDeadline<Authorized<S>>>;

/// A service as its callers in this process reach it.
pub enum Ported<S> {
    /// By a function call.
    Direct(Decorated<S>),
    /// As if it ran in another process.
    Loopback(Loopback<Decorated<S>>),
}

impl<S> Ported<S> {
    /// By a function call.
    pub fn direct(service: Arc<S>) -> Self {
        Self::Direct(decorated(service))
    }

    /// Over `way`.
    pub fn over(way: &Arc<LoopbackWay>, ids: &Arc<dyn IdSource>, service: Arc<S>) -> Self {
        let service = Arc::new(decorated(service));
        Self::Loopback(Loopback::around(service, Arc::clone(way), Arc::clone(ids)))
    }
}

fn decorated<S>(service: Arc<S>) -> Decorated<S> {
    Traced(Arc::new(WithinDeadline(Arc::new(Authorized(service)))))
}

impl<Op: Operation, S: Handler<Op>> Handler<Op> for Ported<S> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        match self {
            Self::Direct(service) => service.handle(cx, op),
            Self::Loopback(service) => service.handle(cx, op),
        }
    }
}
