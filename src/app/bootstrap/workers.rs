//! What the shop does without being asked: threads that take turns at their jobs until they are told to stop.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::bell::Bell;
use crate::ports::shared::panics::message_of;

/// Pause after a panic: it may well come again.
const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(1);
/// How often [`Workers::stop`] looks whether all have stopped.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// When a job wants its next turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// There may be more to do.
    AtOnce,
    /// When its bell rings, or after its pause.
    WhenRung,
    /// After its pause, whatever rings: what it needs is away.
    Later,
}

/// Something to be done again and again.
pub struct Job {
    /// Its name: that of its thread, and the one in the log.
    pub name: &'static str,
    /// Wakes it.
    pub bell: Arc<Bell>,
    /// The longest time between two turns.
    pub pause: Duration,
    /// One turn: bounded work.
    pub turn: Box<dyn FnMut() -> Next + Send>,
}

/// The threads, one for each job.
pub struct Workers {
    threads: Vec<(JoinHandle<()>, Arc<Bell>)>,
    alive: Arc<AtomicUsize>,
}

/// Tells whether all workers are there.
#[derive(Clone)]
pub struct Attendance {
    hired: usize,
    alive: Arc<AtomicUsize>,
}

impl Attendance {
    /// Whether all workers are there.
    pub fn is_full(&self) -> bool {
        self.alive.load(Ordering::Relaxed) == self.hired
    }
}

impl Workers {
    /// Starts a thread for each job.
    ///
    /// # Errors
    /// When the system has no thread to give; those that were started are stopped.
    pub fn start(jobs: Vec<Job>) -> io::Result<Self> {
        let mut workers = Self {
            threads: Vec::new(),
            alive: Arc::new(AtomicUsize::new(0)),
        };
        for job in jobs {
            let bell = Arc::clone(&job.bell);
            let present = Present::sign_in(&workers.alive);
            let thread = std::thread::Builder::new()
                .name(job.name.to_owned())
                .spawn(move || work(job, present));
            match thread {
                Ok(thread) => workers.threads.push((thread, bell)),
                Err(error) => {
                    workers.silence();
                    return Err(error);
                }
            }
        }
        Ok(workers)
    }

    /// For the readiness check.
    pub fn attendance(&self) -> Attendance {
        Attendance {
            hired: self.threads.len(),
            alive: Arc::clone(&self.alive),
        }
    }

    /// Lets every worker end its turn and go. Returns whether all have gone within the time; the others end with the
    /// process, as in a crash, which every job has to survive anyway.
    pub fn stop(mut self, within: Duration) -> bool {
        self.silence();
        let until = Instant::now() + within;
        while self.threads.iter().any(|(thread, _)| !thread.is_finished()) {
            if Instant::now() >= until {
                for (thread, _) in self.threads.iter().filter(|(thread, _)| !thread.is_finished()) {
                    tracing::warn!(worker = thread.thread().name(), "did not stop in time");
                }
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        self.threads.drain(..).all(|(thread, _)| thread.join().is_ok())
    }

    fn silence(&self) {
        for (_, bell) in &self.threads {
            bell.silence();
        }
    }
}

fn work(mut job: Job, _present: Present) {
    while !job.bell.is_silenced() {
        let heard = job.bell.rings();
        match catch_unwind(AssertUnwindSafe(&mut job.turn)) {
            Ok(Next::AtOnce) => {}
            Ok(Next::WhenRung) => job.bell.wait(heard, job.pause),
            Ok(Next::Later) => job.bell.pause(job.pause),
            Err(panic) => {
                tracing::error!(worker = job.name, panic = message_of(panic.as_ref()), "a turn panicked");
                job.bell.pause(PAUSE_AFTER_PANIC);
            }
        }
    }
}

/// A worker that is there, until it goes: also by an unwinding that nobody caught.
struct Present(Arc<AtomicUsize>);

impl Present {
    fn sign_in(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(alive))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SOON: Duration = Duration::from_secs(20);

    fn job(bell: &Arc<Bell>, pause: Duration, turn: impl FnMut() -> Next + Send + 'static) -> Job {
        Job {
            name: "test",
            bell: Arc::clone(bell),
            pause,
            turn: Box::new(turn),
        }
    }

    #[test]
    fn a_job_gets_its_turn_at_the_start_and_at_every_ring() {
        let bell = Arc::new(Bell::default());
        let (turns, took) = mpsc::channel();
        let workers = Workers::start(vec![job(&bell, LONG, move || {
            turns.send(()).unwrap();
            Next::WhenRung
        })])
        .unwrap();
        took.recv_timeout(SOON).unwrap();
        bell.ring();
        took.recv_timeout(SOON).unwrap();
        assert!(workers.stop(SOON));
    }

    #[test]
    fn a_job_that_panics_gets_its_turn_again() {
        let bell = Arc::new(Bell::default());
        let (turns, took) = mpsc::channel();
        let mut turn = 0;
        let workers = Workers::start(vec![job(&bell, LONG, move || {
            turn += 1;
            assert_ne!(turn, 1, "the first turn goes wrong");
            turns.send(()).unwrap();
            Next::WhenRung
        })])
        .unwrap();
        took.recv_timeout(SOON).unwrap();
        assert!(workers.attendance().is_full());
        assert!(workers.stop(SOON));
    }

    #[test]
    fn workers_that_have_stopped_are_not_there() {
        let bell = Arc::new(Bell::default());
        let workers = Workers::start(vec![job(&bell, LONG, || Next::Later)]).unwrap();
        let attendance = workers.attendance();
        assert!(attendance.is_full());
        assert!(workers.stop(SOON));
        assert!(!attendance.is_full());
    }

    #[test]
    fn a_worker_that_does_not_end_its_turn_does_not_hold_up_the_stop() {
        let bell = Arc::new(Bell::default());
        let (release, held) = mpsc::channel::<()>();
        let (begins, begun) = mpsc::channel();
        let workers = Workers::start(vec![job(&bell, LONG, move || {
            begins.send(()).unwrap();
            let _ = held.recv_timeout(SOON);
            Next::Later
        })])
        .unwrap();
        begun.recv_timeout(SOON).unwrap();
        assert!(!workers.stop(Duration::from_millis(20)));
        drop(release);
    }
}
