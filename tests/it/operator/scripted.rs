//! A context played by a test: it answers the operations that the test knows, and panics at any other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use banyan::app::bootstrap::contexts::Contexts;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::{Handler, Operation};
use serde_json::Value;

type Answer = dyn Fn(&CallContext, Value) -> Result<Value, Failure<Value>> + Send + Sync;

/// Answers by name of the operation; messages pass as JSON, so that one value can play any context.
#[derive(Default)]
pub struct Scripted {
    answers: HashMap<&'static str, Box<Answer>>,
    trouble: Mutex<Vec<(&'static str, u32)>>,
}

impl Scripted {
    pub fn on<Op: Operation>(
        mut self,
        answer: impl Fn(&CallContext, Op) -> Result<Op::Reply, Failure<Op::Error>> + Send + Sync + 'static,
    ) -> Self {
        let answer = move |cx: &CallContext, op: Value| {
            answer(cx, serde_json::from_value(op).unwrap())
                .map(|reply| serde_json::to_value(reply).unwrap())
                .map_err(|failure| failure.map_domain(|error| serde_json::to_value(error).unwrap()))
        };
        self.answers.insert(Op::NAME, Box::new(answer));
        self
    }

    /// The next `times` calls of `Op` find it away.
    pub fn is_away_for<Op: Operation>(&self, times: u32) {
        self.trouble.lock().unwrap().push((Op::NAME, times));
    }

    pub fn plays_all(self: Arc<Self>) -> Contexts {
        Contexts {
            identity: self.clone(),
            catalog: self.clone(),
            inventory: self.clone(),
            payments: self.clone(),
            orders: self,
        }
    }

    fn is_away(&self, name: &str) -> bool {
        let mut trouble = self.trouble.lock().unwrap();
        let left = trouble.iter_mut().find(|(trouble, left)| *trouble == name && *left > 0);
        left.map(|(_name, left)| *left -= 1).is_some()
    }
}

impl<Op: Operation> Handler<Op> for Scripted {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        assert_eq!(cx.principal, Principal::service("operator"), "{}", Op::NAME);
        Op::ACCESS.check(&cx.principal)?;
        assert!(!cx.deadline.has_passed(), "{} begins in time", Op::NAME);
        if self.is_away(Op::NAME) {
            return Err(Failure::Unavailable);
        }
        let answer = self
            .answers
            .get(Op::NAME)
            .unwrap_or_else(|| panic!("{} is not in the script", Op::NAME));
        answer(cx, serde_json::to_value(op).unwrap())
            .map(|reply| serde_json::from_value(reply).unwrap())
            .map_err(|failure| failure.map_domain(|error| serde_json::from_value(error).unwrap()))
    }
}
