//! The real simulator behind a line that can be disturbed: any call may be lost on its way there or on its way back.

use std::sync::Mutex;

use banyan::adapters::payments::providers::simulator::Simulator;
use banyan::domains::shared::money::Money;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::outbound::{PaymentProvider, ProviderCharge, ProviderError};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// It never arrives, and the caller knows.
    NotSent,
    /// It never arrives, and the caller does not know.
    RequestLost,
    /// It is carried out, and the caller does not know.
    AnswerLost,
}

type Interlude = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Line {
    interlude: Option<(&'static str, Interlude)>,
    calls: Vec<&'static str>,
    fault: Option<(usize, CallFault)>,
    down: Option<CallFault>,
}

pub struct DisturbedProvider {
    pub simulator: Simulator,
    line: Mutex<Line>,
}

impl DisturbedProvider {
    pub fn new(simulator: Simulator) -> Self {
        Self {
            simulator,
            line: Mutex::default(),
        }
    }

    /// Disturbs the call that comes after `after` others.
    pub fn disturb_call(&self, after: usize, fault: CallFault) {
        let mut line = self.line.lock().unwrap();
        line.fault = Some((line.calls.len() + after, fault));
    }

    /// Disturbs all calls from now on, or none.
    pub fn disturb_all(&self, fault: Option<CallFault>) {
        self.line.lock().unwrap().down = fault;
    }

    /// Lets something else happen before the next call of this name arrives.
    pub fn before_call(&self, name: &'static str, interlude: impl FnOnce() + Send + 'static) {
        self.line.lock().unwrap().interlude = Some((name, Box::new(interlude)));
    }

    /// The names of the calls so far.
    pub fn calls(&self) -> Vec<&'static str> {
        self.line.lock().unwrap().calls.clone()
    }

    fn call<T>(&self, name: &'static str, call: impl FnOnce() -> Result<T, ProviderError>) -> Result<T, ProviderError> {
        let interlude = self.line.lock().unwrap().interlude.take_if(|(at, _)| *at == name);
        if let Some((_, interlude)) = interlude {
            interlude();
        }
        let fault = {
            let mut line = self.line.lock().unwrap();
            let number = line.calls.len();
            line.calls.push(name);
            line.down
                .or_else(|| line.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault))
        };
        match fault {
            None => call(),
            Some(CallFault::NotSent) => Err(ProviderError::Unavailable("no connection".into())),
            Some(CallFault::RequestLost) => Err(ProviderError::OutcomeUnknown("timed out".into())),
            Some(CallFault::AnswerLost) => {
                let _lost = call();
                Err(ProviderError::OutcomeUnknown("timed out".into()))
            }
        }
    }
}

impl PaymentProvider for DisturbedProvider {
    fn name(&self) -> &str {
        self.simulator.name()
    }

    fn authorize(&self, key: &str, token: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        self.call("authorize", || self.simulator.authorize(key, token, amount))
    }

    fn capture(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        self.call("capture", || self.simulator.capture(key, amount))
    }

    fn void(&self, key: &str, amount: Money) -> Result<ProviderCharge, ProviderError> {
        self.call("void", || self.simulator.void(key, amount))
    }

    fn refund(&self, key: &str, refund_key: &str, amount: Money) -> Result<(), ProviderError> {
        self.call("refund", || self.simulator.refund(key, refund_key, amount))
    }

    fn find_charge(&self, key: &str) -> Result<Option<ProviderCharge>, ProviderError> {
        self.call("find_charge", || self.simulator.find_charge(key))
    }

    fn find_refund(&self, refund_key: &str) -> Result<Option<Money>, ProviderError> {
        self.call("find_refund", || self.simulator.find_refund(refund_key))
    }

    fn list_charges(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ProviderCharge>, ProviderError> {
        self.call("list_charges", || self.simulator.list_charges(after, since, limit))
    }
}
