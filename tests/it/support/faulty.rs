//! A decorator that injects faults into a context, written once for all of its operations.

use std::sync::{Arc, Mutex};

use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::{Handler, Operation};

/// What goes wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not carried out, and says so.
    ErrorBefore,
    /// It is carried out, and its answer is lost.
    ErrorAfter,
    /// The caller's process dies before it is carried out.
    CrashBefore,
    /// The caller's process dies after it was carried out.
    CrashAfter,
    /// It is carried out twice.
    Twice,
}

/// How a crash ends a thread: a test catches it.
pub const CRASH: &str = "the process dies here";

struct Plan {
    operation: &'static str,
    fault: Fault,
    times: usize,
    struck: usize,
}

/// A context with faults planned for its operations.
pub struct Faulty<H: ?Sized> {
    inner: Arc<H>,
    plan: Arc<Mutex<Option<Plan>>>,
}

/// Plans faults for all contexts of a test.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Plan>>>);

impl Faults {
    /// A context that these faults strike.
    pub fn around<H: ?Sized>(&self, inner: Arc<H>) -> Faulty<H> {
        Faulty {
            inner,
            plan: self.0.clone(),
        }
    }

    /// The next `times` calls of `operation` go wrong.
    pub fn strike(&self, operation: &'static str, fault: Fault, times: usize) {
        *self.0.lock().unwrap() = Some(Plan {
            operation,
            fault,
            times,
            struck: 0,
        });
    }

    /// Ends the plan; how often it struck.
    pub fn stop(&self) -> usize {
        self.0.lock().unwrap().take().map_or(0, |plan| plan.struck)
    }
}

impl<H: ?Sized> Faulty<H> {
    fn fault_for(&self, operation: &str) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let plan = plan
            .as_mut()
            .filter(|plan| plan.operation == operation && plan.struck < plan.times)?;
        plan.struck += 1;
        Some(plan.fault)
    }
}

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for Faulty<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        match self.fault_for(Op::NAME) {
            None => self.inner.handle(cx, op),
            Some(Fault::ErrorBefore) => Err(Failure::Unavailable),
            Some(Fault::ErrorAfter) => {
                let _lost = self.inner.handle(cx, op);
                Err(Failure::Timeout)
            }
            Some(Fault::CrashBefore) => std::panic::panic_any(CRASH),
            Some(Fault::CrashAfter) => {
                let _lost = self.inner.handle(cx, op);
                std::panic::panic_any(CRASH)
            }
            Some(Fault::Twice) => {
                let again = serde_json::from_value(serde_json::to_value(&op).unwrap()).unwrap();
                let _first = self.inner.handle(cx, op);
                self.inner.handle(cx, again)
            }
        }
    }
}

/// A context that is away.
pub struct Away;

impl<Op: Operation> Handler<Op> for Away {
    fn handle(&self, _cx: &CallContext, _op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        Err(Failure::Unavailable)
    }
}
