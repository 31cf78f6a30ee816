//! A context that keeps what it was asked, written once for all operations.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::{Failure, Never};
use banyan::ports::shared::operation::{Handler, Operation};

/// What was asked.
#[derive(Clone)]
pub struct Asked {
    pub operation: &'static str,
    pub cx: CallContext,
}

/// A context that keeps what it was asked, and takes its time if told to.
pub struct Watched<H: ?Sized> {
    inner: Arc<H>,
    asked: Mutex<Vec<Asked>>,
    takes: Mutex<Duration>,
}

impl<H: ?Sized> Watched<H> {
    pub fn new(inner: Arc<H>) -> Self {
        Self {
            inner,
            asked: Mutex::default(),
            takes: Mutex::default(),
        }
    }

    /// From now on every operation takes so long.
    pub fn take(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often it was asked for this.
    pub fn times(&self, operation: &str) -> usize {
        self.asked().iter().filter(|asked| asked.operation == operation).count()
    }
}

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for Watched<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        self.asked.lock().unwrap().push(Asked {
            operation: Op::NAME,
            cx: cx.clone(),
        });
        let takes = *self.takes.lock().unwrap();
        std::thread::sleep(takes);
        self.inner.handle(cx, op)
    }
}

/// A context that answers everything with one failure.
pub struct Failing(pub Failure<Never>);

impl<Op: Operation> Handler<Op> for Failing {
    fn handle(&self, _cx: &CallContext, _op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        Err(self.0.clone().map_domain(|never| match never {}))
    }
}
