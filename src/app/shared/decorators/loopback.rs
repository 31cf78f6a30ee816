//! A call that stays in this process and is treated as if it went to another: whatever would break when the context is lifted
//! out breaks here, where it can be debugged.
//!
//! Every call and every answer goes through the JSON that would travel, takes its time, and now and then is not delivered or
//! not answered. Attempts are made again exactly as between processes ([`retry`]). Faults follow from a seed and the number
//! of the attempt at that operation, so that a run can be repeated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, Kind, Operation};
use crate::ports::shared::retry::{self, ATTEMPTS_MAX, Attempt, AttemptAt, Lost};
use crate::ports::shared::seeded::{mixed, mixed_text};
use crate::ports::shared::wire::{self, Answer};

/// How rough the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopbackSettings {
    /// What the faults follow from.
    pub seed: u64,
    /// The longest that a message takes, in milliseconds; how long it takes is spread evenly below that.
    pub latency_ms_max: u32,
    /// Attempts that go wrong, in percent.
    pub faults_percent: u32,
    /// Whether there are also faults that no number of attempts survives: answers lost of commands that may not be sent
    /// again, and a last attempt that goes wrong. A shop is to stand them; a test that expects an answer cannot.
    pub merciless: bool,
}

impl LoopbackSettings {
    /// Up to 3 ms, one in ten, and nothing that a caller would notice.
    pub const fn with_seed(seed: u64) -> Self {
        Self {
            seed,
            latency_ms_max: 3,
            faults_percent: 10,
            merciless: false,
        }
    }
}

/// What may go wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoopbackFault {
    /// It does not arrive.
    NotDelivered,
    /// It is carried out, and its answer does not arrive.
    AnswerLost,
}

/// The way that all calls of a process take.
#[derive(Debug)]
pub struct LoopbackWay {
    settings: LoopbackSettings,
    attempts: Mutex<HashMap<&'static str, u64>>,
    struck: Mutex<HashMap<LoopbackFault, u64>>,
}

/// What becomes of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    latency: Duration,
    fault: Option<LoopbackFault>,
}

impl LoopbackWay {
    /// A way as rough as `settings` say, which are logged.
    pub fn new(settings: LoopbackSettings) -> Self {
        tracing::warn!(
            ?settings,
            "operations go through the loopback: they are slower, and some are lost"
        );
        Self {
            settings,
            attempts: Mutex::default(),
            struck: Mutex::default(),
        }
    }

    /// How often each fault struck so far.
    pub fn struck(&self, fault: LoopbackFault) -> u64 {
        let struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        struck.get(&fault).copied().unwrap_or(0)
    }

    /// What becomes of the next attempt at an operation, the `attempt`th of its call.
    fn next_fate(&self, operation: &'static str, may_lose_answer: bool, attempt: u32) -> Fate {
        let number = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let number = attempts.entry(operation).or_insert(0);
            *number += 1;
            *number
        };
        let fate = fate(&self.settings, operation, number, may_lose_answer, attempt);
        if let Some(fault) = fate.fault {
            let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
            *struck.entry(fault).or_insert(0) += 1;
        }
        fate
    }
}

fn fate(settings: &LoopbackSettings, operation: &str, number: u64, may_lose_answer: bool, attempt: u32) -> Fate {
    let start = mixed_text(settings.seed, operation);
    let [takes, goes_wrong, how] = [1, 2, 3].map(|draw| mixed(start ^ number.wrapping_mul(4).wrapping_add(draw)));
    let latency_us = takes % (u64::from(settings.latency_ms_max) * 1_000 + 1);
    let survives = attempt < ATTEMPTS_MAX || settings.merciless;
    let kind = if (may_lose_answer || settings.merciless) && how % 2 == 0 {
        LoopbackFault::AnswerLost
    } else {
        LoopbackFault::NotDelivered
    };
    let strikes = survives && goes_wrong % 100 < u64::from(settings.faults_percent);
    Fate {
        latency: Duration::from_micros(latency_us),
        fault: strikes.then_some(kind),
    }
}

/// A context in this process, reached over the loopback.
pub struct Loopback<H: ?Sized> {
    inner: Arc<H>,
    way: Arc<LoopbackWay>,
    ids: Arc<dyn IdSource>,
}

impl<H: ?Sized> Loopback<H> {
    /// `inner`, reached over `way`. `ids` make the pauses between attempts uneven.
    pub fn around(inner: Arc<H>, way: Arc<LoopbackWay>, ids: Arc<dyn IdSource>) -> Self {
        Self { inner, way, ids }
    }
}

impl<Op: Operation, H: Handler<Op> + ?Sized> Handler<Op> for Loopback<H> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        let may_lose_answer = Op::KIND == Kind::Query || (Op::KEYED && cx.idempotency_key.is_some());
        let mut attempt = 0;
        retry::call::<Op>(cx, &*self.ids, || {
            attempt += 1;
            let fate = self.way.next_fate(Op::NAME, may_lose_answer, attempt);
            std::thread::sleep(fate.latency.min(cx.deadline.remaining()));
            match fate.fault {
                Some(LoopbackFault::NotDelivered) => Attempt::NotReached,
                Some(LoopbackFault::AnswerLost) => {
                    let _lost = self.carried_out(cx, &op);
                    Attempt::Lost(Lost::CutOff)
                }
                None => self.carried_out(cx, &op),
            }
        })
    }
}

impl<H: ?Sized> Loopback<H> {
    /// By what the messages say, and nothing else.
    fn carried_out<Op: Operation>(&self, cx: &CallContext, op: &Op) -> AttemptAt<Op>
    where
        H: Handler<Op>,
    {
        let broken = |what: &str, error: &dyn std::error::Error| {
            Attempt::TurnedAway(Failure::internal(format!(
                "{what} of {} does not survive JSON: {error}",
                Op::NAME
            )))
        };
        let call = wire::write_call(cx, op).and_then(|text| wire::read_call::<Op>(&text));
        let (cx, op) = match call {
            Ok(call) => call,
            Err(error) => return broken("the call", &error),
        };
        let result = self.inner.handle(&cx, op);
        let replayed = cx.was_replayed();
        let text = match wire::write_answer::<Op>(&Answer { result, replayed }) {
            Ok(text) => text,
            Err(error) => return broken("the answer", &error),
        };
        wire::read_answer::<Op>(&text).map_or_else(|error| broken("the answer", &error), Attempt::Answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(settings: &LoopbackSettings, operation: &str, may_lose_answer: bool) -> Vec<Fate> {
        let fate = |number| fate(settings, operation, number, may_lose_answer, 1);
        (1..=2_000).map(fate).collect()
    }

    fn count(fates: &[Fate], fault: Option<LoopbackFault>) -> usize {
        fates.iter().filter(|fate| fate.fault == fault).count()
    }

    #[test]
    fn the_same_seed_brings_the_same_faults_and_another_seed_others() {
        let faults = |seed| fates(&LoopbackSettings::with_seed(seed), "orders.get_order", true);
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
        assert_ne!(
            faults(1),
            fates(&LoopbackSettings::with_seed(1), "orders.list_orders", true)
        );
    }

    #[test]
    fn one_attempt_in_ten_goes_wrong_in_either_way_and_none_takes_longer_than_it_may() {
        let fates = fates(&LoopbackSettings::with_seed(7), "orders.get_order", true);
        let (lost, not_delivered) = (
            count(&fates, Some(LoopbackFault::AnswerLost)),
            count(&fates, Some(LoopbackFault::NotDelivered)),
        );
        assert!((70..=130).contains(&lost), "{lost} of 2,000");
        assert!((70..=130).contains(&not_delivered), "{not_delivered} of 2,000");
        let slowest = fates.iter().map(|fate| fate.latency).max().unwrap();
        assert!(
            (Duration::from_micros(2_900)..=Duration::from_millis(3)).contains(&slowest),
            "{slowest:?}"
        );
    }

    #[test]
    fn the_answer_of_a_command_that_may_not_be_repeated_is_lost_only_without_mercy() {
        let mild = LoopbackSettings::with_seed(7);
        let merciless = LoopbackSettings {
            merciless: true,
            ..mild
        };
        let lost = |settings| {
            count(
                &fates(settings, "orders.cancel_order", false),
                Some(LoopbackFault::AnswerLost),
            )
        };
        assert_eq!(lost(&mild), 0);
        assert!(lost(&merciless) > 0);
    }

    #[test]
    fn a_last_attempt_goes_wrong_only_without_mercy() {
        let always = LoopbackSettings {
            faults_percent: 100,
            ..LoopbackSettings::with_seed(7)
        };
        let last = |settings| fate(settings, "orders.get_order", 1, true, ATTEMPTS_MAX).fault;
        assert_eq!(last(&always), None);
        let merciless = LoopbackSettings {
            merciless: true,
            ..always
        };
        assert!(last(&merciless).is_some());
    }
}
