//! How many calls may be made again. A provider that is in trouble is not helped by everybody asking three times.

use std::sync::{Mutex, PoisonError};

/// What a call pays in, in tenths: with a tenth for each call, at most one call in ten is a repetition.
const PAID_IN: u32 = 1;
/// What a repetition costs, in tenths.
const COSTS: u32 = 10;
/// What can be saved, in tenths, and is there at the start: ten repetitions.
const SAVED_MAX: u32 = 100;

/// After the retry budgets of "Site Reliability Engineering" (Beyer et al., 2016), chapter 21.
#[derive(Debug)]
pub(super) struct RetryBudget(Mutex<u32>);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(Mutex::new(SAVED_MAX))
    }
}

impl RetryBudget {
    /// A call is made.
    pub(super) fn pay_in(&self) {
        self.change(|saved| (saved.saturating_add(PAID_IN).min(SAVED_MAX), ()));
    }

    /// Whether a call may be made again.
    pub(super) fn take(&self) -> bool {
        self.change(|saved| match saved.checked_sub(COSTS) {
            Some(left) => (left, true),
            None => (saved, false),
        })
    }

    /// A panic elsewhere cannot leave a number in disorder.
    fn change<T>(&self, change: impl FnOnce(u32) -> (u32, T)) -> T {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, outcome) = change(*saved);
        *saved = left;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_in_ten_may_be_made_again_once_the_savings_are_gone() {
        let budget = RetryBudget::default();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
        let mut again = 0;
        for _call in 0..1_000 {
            budget.pay_in();
            again += u32::from(budget.take());
        }
        assert_eq!(again, 100);
    }

    #[test]
    fn a_quiet_time_saves_ten_and_no_more() {
        let budget = RetryBudget::default();
        for _call in 0..10_000 {
            budget.pay_in();
        }
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
    }
}
