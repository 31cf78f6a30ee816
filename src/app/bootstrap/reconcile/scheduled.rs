//! The comparison that runs by itself, again and again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::bell::Bell;
use super::super::rooms::Sweep;
use super::super::settings::Reconciliation;
use super::super::settle::{Course, Patience};
use super::super::workers::Next;
use super::report::Report;
use super::{Wish, run};
use crate::ports::payments::operations::Payments;
use crate::ports::shared::clock::{Clock, IdSource};

/// How far back it looks, in milliseconds: a week, so that each payment is compared many times, also when the shop or its
/// provider was away for a while. What disagrees later still (a refund at the provider's desk after a month) is found by
/// `banyan reconcile payments` without `--since`.
const LOOKS_BACK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Discrepancies that are written into the log one by one; of the others the totals tell.
const LINES_MAX: usize = 20;

/// The scheduled comparison; `None` where none is wished for. It first runs when its time has passed once: a shop that has
/// just started has other things to do. It takes a turn whenever the other sweeps do, so that one instance keeps its lease, and
/// the time is told from that instance's first turn. When the shop closes, it ends where it is.
pub fn sweep(
    payments: &Arc<dyn Payments>,
    ids: &Arc<dyn IdSource>,
    clock: &Arc<dyn Clock>,
    settings: Reconciliation,
) -> Option<Sweep> {
    let every = settings.every?;
    let (payments, ids, clock) = (Arc::clone(payments), Arc::clone(ids), Arc::clone(clock));
    let bell = Arc::new(Bell::default());
    let closing = Arc::clone(&bell);
    let timer = Timer::default();
    Some(Sweep {
        name: "payments.reconcile",
        bell,
        turn: Arc::new(move || {
            if timer.has_passed(every) {
                let wish = Wish {
                    since: Some(clock.now().plus_ms(-LOOKS_BACK_MS)),
                    apply: settings.repairs,
                };
                let course = Course {
                    patience: Patience::default(),
                    goes_on: &|| !closing.is_silenced(),
                };
                match run(&*payments, &*ids, wish, course) {
                    Ok(report) => write_down(&report),
                    Err(error) => tracing::warn!(%error, "payments cannot be compared with the provider now"),
                }
            }
            Next::Later
        }),
    })
}

/// When it was last asked and had passed; at first, when it was asked.
#[derive(Default)]
struct Timer(Mutex<Option<Instant>>);

impl Timer {
    fn has_passed(&self, time: Duration) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = since.is_some_and(|since| since.elapsed() >= time);
        if passed || since.is_none() {
            *since = Some(Instant::now());
        }
        passed
    }
}

fn write_down(report: &Report) {
    let counts = report.counts;
    if report.found.is_empty() {
        tracing::info!(?counts, "payments and provider agree");
        return;
    }
    for found in report.found.iter().take(LINES_MAX) {
        tracing::warn!(discrepancy = %found, "payments and provider disagree");
    }
    let by_class = report.by_class();
    tracing::warn!(
        ?counts,
        ?by_class,
        truncated = report.truncated,
        "payments and provider disagree"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_passes_again_and_again_and_not_at_the_start() {
        let timer = Timer::default();
        assert!(!timer.has_passed(Duration::ZERO), "the first time it is only asked");
        assert!(timer.has_passed(Duration::ZERO));
        assert!(!timer.has_passed(Duration::from_mins(1)), "it has just begun anew");
        assert!(timer.has_passed(Duration::ZERO));
    }
}
