//! What workers wait for: a bell that rings, or an end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Rings when a log has grown. Whoever noted how often it had rung before they looked cannot miss a ring.
#[derive(Default)]
pub struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    rings: u64,
    silenced: bool,
}

impl Bell {
    /// Wakes all who wait.
    pub fn ring(&self) {
        let mut state = self.state();
        state.rings = state.rings.wrapping_add(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Sends all who wait home, now and from now on.
    pub fn silence(&self) {
        self.state().silenced = true;
        self.changed.notify_all();
    }

    /// Whether it was silenced.
    pub fn is_silenced(&self) -> bool {
        self.state().silenced
    }

    /// How often it has rung.
    pub fn rings(&self) -> u64 {
        self.state().rings
    }

    /// Waits until it has rung since it had rung `heard` times, or is silenced, or `at_most` has passed.
    pub fn wait(&self, heard: u64, at_most: Duration) {
        self.wait_while(at_most, |state| state.rings == heard);
    }

    /// Waits for `duration`, whatever rings; less when it is silenced.
    pub fn pause(&self, duration: Duration) {
        self.wait_while(duration, |_state| true);
    }

    fn wait_while(&self, at_most: Duration, quiet: impl Fn(&State) -> bool) {
        let until = Instant::now() + at_most;
        let mut state = self.state();
        while !state.silenced && quiet(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _timed_out)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// A panic elsewhere cannot leave a counter and a flag in disorder.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn a_ring_before_the_wait_is_not_missed() {
        let bell = Bell::default();
        let heard = bell.rings();
        bell.ring();
        let started = Instant::now();
        bell.wait(heard, LONG);
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn silence_ends_every_wait_and_every_pause() {
        let bell = Arc::new(Bell::default());
        let started = Instant::now();
        let waiters = [true, false].map(|waits| {
            let bell = Arc::clone(&bell);
            std::thread::spawn(move || if waits { bell.wait(0, LONG) } else { bell.pause(LONG) })
        });
        bell.silence();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn a_wait_ends_by_itself() {
        let bell = Bell::default();
        bell.wait(bell.rings(), Duration::from_millis(1));
        bell.pause(Duration::from_millis(1));
    }
}
