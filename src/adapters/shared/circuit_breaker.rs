//! A circuit breaker: who finds the other side away again and again stops asking for a while. Callers get their answer at
//! once instead of waiting for a timeout each, and whoever comes back is not met by all of them together.
//!
//! What counts as a failure is the caller's to say, and should be what tells of the way to the other side: no connection,
//! no answer. A business outcome is an answer. So is "too much to do": the other side is there and refuses quickly what
//! it has no room for; to stop asking would turn a full queue for one kind of work into an outage of all.
//!
//! After Nygard, "Release It!" (2nd edition, section 5.2).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures_in_a_row: u32,
    /// The last calls that are looked at; before there are as many, only a row of failures opens it.
    pub window: usize,
    /// It opens when at least this part of the window failed, in percent.
    pub failed_percent: usize,
    /// How long it stays open before a call is let through to see.
    pub open_for: Duration,
}

impl BreakerSettings {
    /// Five failures in a row, or half of the last twenty calls.
    pub const fn open_for(open_for: Duration) -> Self {
        Self {
            failures_in_a_row: 5,
            window: 20,
            failed_percent: 50,
            open_for,
        }
    }
}

/// Whether calls are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// They are.
    Closed,
    /// They are not.
    Open,
    /// One at a time is, to see.
    HalfOpen,
}

/// Lets calls through, or not. Time is told by the caller and must not run backwards.
#[derive(Debug)]
pub struct CircuitBreaker {
    settings: BreakerSettings,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    /// Counts the changes of phase: a call that began in an earlier one has no say any more.
    epoch: u64,
    opened: u64,
}

#[derive(Debug)]
enum Phase {
    Closed {
        /// Of the last calls, oldest first: did it fail?
        window: VecDeque<bool>,
        failures_in_a_row: u32,
    },
    Open {
        since: Instant,
    },
    HalfOpen {
        probe_under_way: bool,
    },
}

impl Phase {
    fn closed() -> Self {
        Self::Closed {
            window: VecDeque::new(),
            failures_in_a_row: 0,
        }
    }
}

impl CircuitBreaker {
    /// A closed breaker.
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            inner: Mutex::new(Inner {
                phase: Phase::closed(),
                epoch: 0,
                opened: 0,
            }),
        }
    }

    /// Lets a call through, or not. What was let through should say how it went; one that is dropped has no say.
    pub fn admit(&self, now: Instant) -> Option<Admission<'_>> {
        let mut inner = self.inner();
        if let Phase::Open { since } = inner.phase {
            if now.saturating_duration_since(since) < self.settings.open_for {
                return None;
            }
            inner.change(Phase::HalfOpen { probe_under_way: false });
        }
        if let Phase::HalfOpen { probe_under_way } = &mut inner.phase {
            if *probe_under_way {
                return None;
            }
            *probe_under_way = true;
        }
        Some(Admission {
            breaker: self,
            epoch: inner.epoch,
        })
    }

    /// Whether calls are let through, for the metrics.
    pub fn state(&self) -> BreakerState {
        match self.inner().phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How often it has opened, for the metrics.
    pub fn times_opened(&self) -> u64 {
        self.inner().opened
    }

    /// A panic elsewhere cannot leave counters in disorder: each change is one assignment.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn change(&mut self, phase: Phase) {
        self.opened += u64::from(matches!(phase, Phase::Open { .. }));
        self.epoch += 1;
        self.phase = phase;
    }

    fn record(&mut self, settings: &BreakerSettings, failed: bool, now: Instant) {
        let opens = match &mut self.phase {
            Phase::Closed {
                window,
                failures_in_a_row,
            } => {
                *failures_in_a_row = if failed { *failures_in_a_row + 1 } else { 0 };
                window.push_back(failed);
                if window.len() > settings.window {
                    window.pop_front();
                }
                let failures = window.iter().filter(|failed| **failed).count();
                let too_many = window.len() >= settings.window
                    && failures.saturating_mul(100) >= settings.failed_percent.saturating_mul(window.len());
                *failures_in_a_row >= settings.failures_in_a_row || too_many
            }
            Phase::HalfOpen { .. } => failed,
            Phase::Open { .. } => return,
        };
        if opens {
            self.change(Phase::Open { since: now });
        } else if matches!(self.phase, Phase::HalfOpen { .. }) {
            self.change(Phase::closed());
        }
    }
}

/// A call that was let through.
#[derive(Debug)]
pub struct Admission<'b> {
    breaker: &'b CircuitBreaker,
    epoch: u64,
}

impl Admission<'_> {
    /// The other side answered.
    pub fn succeeded(self, now: Instant) {
        self.record(false, now);
    }

    /// It did not.
    pub fn failed(self, now: Instant) {
        self.record(true, now);
    }

    fn record(self, failed: bool, now: Instant) {
        let mut inner = self.breaker.inner();
        if inner.epoch == self.epoch {
            inner.record(&self.breaker.settings, failed, now);
        }
    }
}

impl Drop for Admission<'_> {
    /// A probe of which nothing is known makes room for another. After a verdict the phase is another one.
    fn drop(&mut self) {
        let mut inner = self.breaker.inner();
        if inner.epoch == self.epoch
            && let Phase::HalfOpen { probe_under_way } = &mut inner.phase
        {
            *probe_under_way = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(30);
    /// A nanosecond less.
    const ALMOST: Duration = Duration::from_nanos(29_999_999_999);

    struct Case {
        breaker: CircuitBreaker,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            Self {
                breaker: CircuitBreaker::new(BreakerSettings::open_for(OPEN_FOR)),
                now: Instant::now(),
            }
        }

        fn call(&self, failed: bool) -> bool {
            match self.breaker.admit(self.now) {
                None => false,
                Some(admission) if failed => {
                    admission.failed(self.now);
                    true
                }
                Some(admission) => {
                    admission.succeeded(self.now);
                    true
                }
            }
        }

        fn open() -> Self {
            let case = Self::new();
            assert!((0..5).all(|_| case.call(true)));
            assert_eq!(case.breaker.state(), BreakerState::Open);
            case
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let case = Case::new();
        for _row in 0..3 {
            assert!((0..4).all(|_| case.call(true)));
            assert!((0..6).all(|_| case.call(false)));
        }
        assert_eq!(case.breaker.state(), BreakerState::Closed);
        assert!((0..5).all(|_| case.call(true)));
        assert_eq!(case.breaker.state(), BreakerState::Open);
        assert!(!case.call(false), "an open breaker lets nothing through");
        assert_eq!(case.breaker.times_opened(), 1);
    }

    #[test]
    fn half_of_the_last_twenty_open_it_though_never_five_in_a_row() {
        let case = Case::new();
        for call in 1..20 {
            assert!(case.call(call % 2 == 0));
            assert_eq!(
                case.breaker.state(),
                BreakerState::Closed,
                "after {call}: fewer than twenty"
            );
        }
        assert!(case.call(true));
        assert_eq!(case.breaker.state(), BreakerState::Open);
    }

    #[test]
    fn less_than_half_of_the_last_twenty_leave_it_closed() {
        let case = Case::new();
        assert!((0..200).all(|call| case.call(call % 20 < 18 && call % 2 == 0)));
        assert_eq!(case.breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn when_its_time_is_over_one_call_at_a_time_is_let_through() {
        let mut case = Case::open();
        case.now += ALMOST;
        assert!(case.breaker.admit(case.now).is_none());
        case.now += Duration::from_nanos(1);
        let probe = case.breaker.admit(case.now).expect("a probe");
        assert_eq!(case.breaker.state(), BreakerState::HalfOpen);
        assert!(case.breaker.admit(case.now).is_none(), "one at a time");
        probe.succeeded(case.now);
        assert_eq!(case.breaker.state(), BreakerState::Closed);
        assert!((0..4).all(|_| case.call(true)), "what was before is forgotten");
        assert_eq!(case.breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_fails_opens_it_again_for_the_whole_time() {
        let mut case = Case::open();
        case.now += OPEN_FOR;
        assert!(case.call(true));
        assert_eq!(
            (case.breaker.state(), case.breaker.times_opened()),
            (BreakerState::Open, 2)
        );
        case.now += ALMOST;
        assert!(case.breaker.admit(case.now).is_none());
    }

    #[test]
    fn a_probe_that_comes_to_nothing_makes_room_for_another() {
        let mut case = Case::open();
        case.now += OPEN_FOR;
        drop(case.breaker.admit(case.now).expect("a probe"));
        assert_eq!(case.breaker.state(), BreakerState::HalfOpen);
        assert!(case.call(false));
        assert_eq!(case.breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_call_of_an_earlier_phase_has_no_say() {
        let mut case = Case::new();
        let slow = [(); 2].map(|()| case.breaker.admit(case.now).unwrap());
        assert!((0..5).all(|_| case.call(true)));
        let [late, later] = slow;
        late.succeeded(case.now);
        assert_eq!(case.breaker.state(), BreakerState::Open);
        case.now += OPEN_FOR;
        let probe = case.breaker.admit(case.now).unwrap();
        later.failed(case.now);
        assert_eq!(case.breaker.state(), BreakerState::HalfOpen);
        assert!(case.breaker.admit(case.now).is_none(), "the probe is still under way");
        probe.succeeded(case.now);
        assert_eq!(case.breaker.state(), BreakerState::Closed);
    }
}
