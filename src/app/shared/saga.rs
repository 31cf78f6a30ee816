//! Runs sagas: a table of steps, forward; their undos, last one first, when a step is refused.
//!
//! What is written before an outside effect is the step that is about to be taken, so that a crash at any instant leaves
//! a saga at that step or before it. Whoever takes it over takes the step again: every action and every undo may run
//! twice, because the ids they use were chosen at the start.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::failpoint::failpoint;
use crate::ports::shared::lease::Lease;
use crate::ports::shared::saga::{SagaRecord, SagaStatus, SagaStore};

pub use self::failure::{StepFailure, step_failure};

mod failure;

/// How long a call of one step may wait for its turn before it is not begun any more.
pub const STEP_TIME: Duration = Duration::from_secs(10);
/// Attempts at a step while the client waits; afterwards the worker goes on.
const ATTEMPTS_AT_ONCE: i32 = 3;
/// Attempts at a step before a saga that can go back does so.
const ATTEMPTS_FORWARD: i32 = 6;
/// Attempts at a step that has no way back, and at an undo, before a person must look. Those that met nobody do not count
/// beyond [`ATTEMPTS_AWAY_MAX`]: whoever is away comes back, and then the saga has to go on.
const ATTEMPTS_BEFORE_STUCK: i32 = 50;
/// With so many the pause is the longest one.
const ATTEMPTS_AWAY_MAX: i32 = 10;
/// Pause before the second attempt, in milliseconds; each further one is twice as long, up to [`PAUSE_MS_MAX`].
const FIRST_PAUSE_MS: i64 = 50;
/// The longest pause between two attempts, in milliseconds.
const PAUSE_MS_MAX: i64 = 10_000;

/// An action or undo in another context.
pub type Outside<W, S> = fn(&W, &CallContext, &mut S) -> Result<(), StepFailure>;
/// A write in the saga's own database: commits the record that it is given with its effect.
pub type Local<W, S> = fn(&W, &CallContext, &mut S, SagaRecord) -> Result<(), StepFailure>;

/// What a step does.
pub enum Action<W, S> {
    /// Something in another context.
    Outside(Outside<W, S>),
    /// Something in the saga's own database.
    Local(Local<W, S>),
    /// Nothing: it has happened, and is why the saga began. It can be undone all the same.
    Happened,
}

/// How a step is undone.
pub enum Undo<W, S> {
    /// There is nothing to undo.
    Nothing,
    /// By something in another context. MUST do no harm where the action never happened.
    Outside(Outside<W, S>),
}

/// A row of the table of steps.
pub struct Step<W, S> {
    /// For logs.
    pub name: &'static str,
    /// What it does.
    pub action: Action<W, S>,
    /// How it is undone.
    pub undo: Undo<W, S>,
}

/// A saga: its table of steps and its two ends. `W` is the service it belongs to, `S` what its steps know.
pub struct Definition<W: 'static, S: 'static> {
    /// Its name in storage.
    pub kind: &'static str,
    /// Its steps.
    pub steps: &'static [Step<W, S>],
    /// The last write, when all steps are taken.
    pub finish: Local<W, S>,
    /// The last write, when all steps are undone; `None` for a saga that only goes forward.
    pub fail: Option<Local<W, S>>,
}

/// What a saga consists of, for whoever checks that nothing of it was overlooked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// [`Definition::kind`].
    pub kind: &'static str,
    /// Its steps, in their order.
    pub steps: Vec<StepOutline>,
    /// Whether it can go back.
    pub goes_back: bool,
}

/// What a step consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutline {
    /// [`Step::name`].
    pub name: &'static str,
    /// Whether its effect and the saga's record are one commit.
    pub is_local: bool,
    /// Whether its action does anything.
    pub acts: bool,
    /// Whether its undo does anything.
    pub undoes: bool,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// The saga has ended.
    Ended(SagaStatus),
    /// It waits for its next attempt, or somebody else has it.
    Suspended,
}

/// Runs sagas of a service.
pub struct SagaRunner<'a, W> {
    /// The service whose sagas they are.
    pub world: &'a W,
    /// Where they are kept.
    pub store: &'a dyn SagaStore,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// How long a saga stays with whoever works at it without a word, in milliseconds: several times what a step takes. A
    /// worker that is slower than that is overtaken, and finds itself locked out when it writes; what it does elsewhere
    /// meanwhile is done under the same ids, and an undo that came first has left its mark.
    pub lease_ms: i64,
}

/// A lease of so many milliseconds for whoever begins to work at a saga now. Each worker has an owner's name of its own,
/// so that one who comes back after its lease ran out finds itself locked out.
pub fn new_lease(ids: &dyn IdSource, clock: &dyn Clock, lease_ms: i64) -> Lease {
    Lease {
        owner: ids.next_uuid().to_string(),
        until: clock.now().plus_ms(lease_ms),
    }
}

impl<W, S> Definition<W, S> {
    /// What it consists of.
    pub fn outline(&self) -> Outline {
        let steps = self.steps.iter().map(|step| StepOutline {
            name: step.name,
            is_local: matches!(step.action, Action::Local(_)),
            acts: !matches!(step.action, Action::Happened),
            undoes: !matches!(step.undo, Undo::Nothing),
        });
        Outline {
            kind: self.kind,
            steps: steps.collect(),
            goes_back: self.fail.is_some(),
        }
    }
}

impl<W, S: Serialize + DeserializeOwned> Definition<W, S> {
    /// Moves a saga on until it ends or must wait. `record` is at most as new as the database, and leased to the
    /// caller.
    pub fn run(&self, runner: &SagaRunner<'_, W>, cx: &CallContext, record: SagaRecord, state: &mut S) -> Run {
        let mut progress = Progress {
            definition: self,
            runner,
            cx,
            record,
        };
        loop {
            match progress.turn(state) {
                Ok(Turn::GoOn) => {}
                Ok(Turn::Ended) => return Run::Ended(progress.record.status),
                Ok(Turn::Wait) => return Run::Suspended,
                Err(StepFailure::LostLease) => {
                    tracing::warn!(saga = %progress.record.id, "a saga is left to whoever looks at it next");
                    return Run::Suspended;
                }
                Err(StepFailure::Retry(reason) | StepFailure::Away(reason) | StepFailure::Refused(reason)) => {
                    // The saga's own database is away: the lease runs out, and the worker takes over.
                    tracing::warn!(saga = %progress.record.id, reason, "a saga cannot be written down now");
                    return Run::Suspended;
                }
            }
        }
    }
}

enum Turn {
    GoOn,
    Wait,
    Ended,
}

struct Progress<'a, W: 'static, S: 'static> {
    definition: &'a Definition<W, S>,
    runner: &'a SagaRunner<'a, W>,
    cx: &'a CallContext,
    record: SagaRecord,
}

impl<W, S: Serialize> Progress<'_, W, S> {
    fn turn(&mut self, state: &mut S) -> Result<Turn, StepFailure> {
        let cx = self.cx.with_deadline(Deadline::after(STEP_TIME));
        match self.record.status {
            SagaStatus::Running => self.step_forward(&cx, state),
            SagaStatus::Compensating => self.step_back(&cx, state),
            SagaStatus::Done | SagaStatus::Failed | SagaStatus::Stuck => Ok(Turn::Ended),
        }
    }

    fn step_forward(&mut self, cx: &CallContext, state: &mut S) -> Result<Turn, StepFailure> {
        let definition = self.definition;
        let next = self.index().and_then(|index| definition.steps.get(index));
        let result = match next {
            None => self.finish(cx, state),
            Some(step) => self.take(step, cx, state),
        };
        match result {
            Ok(()) if self.record.status.has_ended() => Ok(Turn::Ended),
            Ok(()) => Ok(Turn::GoOn),
            Err(StepFailure::LostLease) => Err(StepFailure::LostLease),
            Err(StepFailure::Refused(reason)) => self.turn_back(state, self.record.position, reason),
            Err(StepFailure::Retry(reason) | StepFailure::Away(reason))
                if self.record.attempts + 1 >= ATTEMPTS_FORWARD && self.can_go_back() =>
            {
                // Unknown, not refused: the step itself is undone too.
                self.turn_back(state, self.record.position + 1, reason)
            }
            Err(failure) => self.try_later(state, failure),
        }
    }

    fn finish(&mut self, cx: &CallContext, state: &mut S) -> Result<(), StepFailure> {
        failpoint!("saga.{}.finish.before", self.definition.kind);
        let done = written(
            state,
            SagaRecord {
                status: SagaStatus::Done,
                ..self.fresh()
            },
        );
        (self.definition.finish)(self.runner.world, cx, state, done.clone())?;
        failpoint!("saga.{}.finish.after", self.definition.kind);
        self.record = done;
        Ok(())
    }

    fn take(&mut self, step: &Step<W, S>, cx: &CallContext, state: &mut S) -> Result<(), StepFailure> {
        failpoint!("saga.{}.{}.before", self.definition.kind, step.name);
        match step.action {
            Action::Happened => {
                failpoint!("saga.{}.{}.after", self.definition.kind, step.name);
                self.record = self.behind_this_step();
                Ok(())
            }
            Action::Local(action) => {
                let after = self.behind_this_step();
                action(self.runner.world, cx, state, after.clone())?;
                failpoint!("saga.{}.{}.after", self.definition.kind, step.name);
                self.record = after;
                Ok(())
            }
            Action::Outside(action) => {
                action(self.runner.world, cx, state)?;
                failpoint!("saga.{}.{}.after", self.definition.kind, step.name);
                let after = self.behind_this_step();
                self.write_unless_next_writes(state, after)
            }
        }
    }

    fn behind_this_step(&self) -> SagaRecord {
        SagaRecord {
            position: self.record.position + 1,
            ..self.fresh()
        }
    }

    /// Writes the saga alone.
    fn keep(&self, record: &SagaRecord) -> Result<(), StepFailure> {
        failpoint!("saga.{}.record.before", self.definition.kind);
        self.runner.store.advance_saga(record)?;
        failpoint!("saga.{}.record.after", self.definition.kind);
        Ok(())
    }

    /// A step that commits its own effect writes the saga with it: what came before need not be written twice, because
    /// it would only be done again, and may be.
    fn write_unless_next_writes(&mut self, state: &S, after: SagaRecord) -> Result<(), StepFailure> {
        let next = usize::try_from(after.position)
            .ok()
            .and_then(|index| self.definition.steps.get(index));
        let after = written(state, after);
        if matches!(next.map(|step| &step.action), Some(Action::Outside(_))) {
            self.keep(&after)?;
        }
        self.record = after;
        Ok(())
    }

    fn step_back(&mut self, cx: &CallContext, state: &mut S) -> Result<Turn, StepFailure> {
        let Some(left) = self.index().filter(|left| *left > 0) else {
            return self.end_undone(cx, state);
        };
        let result = match self.definition.steps.get(left - 1) {
            Some(step) => self.undo(step, cx, state),
            // Behind the last step there is the last write, which did not come about.
            None => Ok(()),
        };
        match result {
            Ok(()) => {
                // Not written: undoing the same steps again does no harm, and a crash is rarer than a refusal.
                self.record = SagaRecord {
                    position: self.record.position - 1,
                    ..self.fresh()
                };
                Ok(Turn::GoOn)
            }
            Err(failure) => self.try_later(state, failure),
        }
    }

    fn undo(&self, step: &Step<W, S>, cx: &CallContext, state: &mut S) -> Result<(), StepFailure> {
        failpoint!("saga.{}.{}.undo.before", self.definition.kind, step.name);
        if let Undo::Outside(undo) = step.undo {
            undo(self.runner.world, cx, state)?;
        }
        failpoint!("saga.{}.{}.undo.after", self.definition.kind, step.name);
        Ok(())
    }

    fn end_undone(&mut self, cx: &CallContext, state: &mut S) -> Result<Turn, StepFailure> {
        let Some(fail) = self.definition.fail else {
            return self.stop_for_a_person(state, "cannot go back".to_owned());
        };
        match self.fail(fail, cx, state) {
            Ok(()) => Ok(Turn::Ended),
            Err(failure) => self.try_later(state, failure),
        }
    }

    fn fail(&mut self, fail: Local<W, S>, cx: &CallContext, state: &mut S) -> Result<(), StepFailure> {
        failpoint!("saga.{}.fail.before", self.definition.kind);
        let failed = written(
            state,
            SagaRecord {
                status: SagaStatus::Failed,
                ..self.fresh()
            },
        );
        fail(self.runner.world, cx, state, failed.clone())?;
        failpoint!("saga.{}.fail.after", self.definition.kind);
        self.record = failed;
        Ok(())
    }

    fn turn_back(&mut self, state: &S, steps_to_undo: i32, reason: String) -> Result<Turn, StepFailure> {
        if !self.can_go_back() {
            return self.try_later(state, StepFailure::Refused(reason));
        }
        tracing::debug!(saga = %self.record.id, reason, steps_to_undo, "a saga goes back");
        let back = SagaRecord {
            status: SagaStatus::Compensating,
            position: steps_to_undo,
            reason: Some(reason),
            ..self.fresh()
        };
        let back = written(state, back);
        // With nothing to undo, the last write says it all.
        if steps_to_undo > 0 {
            self.keep(&back)?;
        }
        self.record = back;
        Ok(Turn::GoOn)
    }

    fn try_later(&mut self, state: &S, failure: StepFailure) -> Result<Turn, StepFailure> {
        let before = self.record.attempts;
        let (attempts, reason) = match failure {
            StepFailure::Away(reason) => ((before + 1).min(ATTEMPTS_AWAY_MAX.max(before)), reason),
            StepFailure::Retry(reason) | StepFailure::Refused(reason) => (before + 1, reason),
            StepFailure::LostLease => return Err(StepFailure::LostLease),
        };
        if attempts >= ATTEMPTS_BEFORE_STUCK {
            return self.stop_for_a_person(state, reason);
        }
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
        let pause_ms = FIRST_PAUSE_MS.saturating_mul(1 << doublings).min(PAUSE_MS_MAX);
        tracing::info!(saga = %self.record.id, reason, attempts, pause_ms, "a step of a saga is tried again");
        let now = self.runner.clock.now();
        let waits_here = attempts < ATTEMPTS_AT_ONCE;
        // On the way back the reason stays what made it go back: that an undo needed two attempts explains no order.
        let reason = self.why_it_goes_back().map_or(reason, ToOwned::to_owned);
        let mut later = SagaRecord {
            attempts,
            reason: Some(reason),
            ..self.fresh()
        };
        if !waits_here {
            later.lease.until = now;
            later.next_attempt_at = now.plus_ms(pause_ms);
        }
        let later = written(state, later);
        self.keep(&later)?;
        self.record = later;
        if waits_here {
            std::thread::sleep(Duration::from_millis(u64::try_from(pause_ms).unwrap_or(0)));
            return Ok(Turn::GoOn);
        }
        Ok(Turn::Wait)
    }

    fn stop_for_a_person(&mut self, state: &S, reason: String) -> Result<Turn, StepFailure> {
        tracing::error!(saga = %self.record.id, reason, "a saga is stuck: a person must look");
        let reason = match self.why_it_goes_back() {
            Some(why) => format!("{reason}; it went back because: {why}"),
            None => reason,
        };
        let stuck = SagaRecord {
            status: SagaStatus::Stuck,
            reason: Some(reason),
            ..self.fresh()
        };
        let stuck = written(state, stuck);
        self.keep(&stuck)?;
        self.record = stuck;
        Ok(Turn::Ended)
    }

    fn why_it_goes_back(&self) -> Option<&str> {
        match self.record.status {
            SagaStatus::Compensating => self.record.reason.as_deref(),
            _ => None,
        }
    }

    fn can_go_back(&self) -> bool {
        self.definition.fail.is_some()
    }

    fn index(&self) -> Option<usize> {
        usize::try_from(self.record.position).ok()
    }

    /// The record with a fresh lease and no attempts at what comes next.
    fn fresh(&self) -> SagaRecord {
        let now = self.runner.clock.now();
        let lease = Lease {
            until: now.plus_ms(self.runner.lease_ms),
            ..self.record.lease.clone()
        };
        SagaRecord {
            attempts: 0,
            lease,
            updated_at: now,
            ..self.record.clone()
        }
    }
}

/// The record with the state as it is now. A state is plain data; should it ever not be, the old one stays, from which
/// the steps can be taken again.
fn written<S: Serialize>(state: &S, record: SagaRecord) -> SagaRecord {
    match serde_json::to_string(state) {
        Ok(state) => SagaRecord { state, ..record },
        Err(error) => {
            tracing::error!(saga = %record.id, %error, "the state of a saga cannot be written");
            record
        }
    }
}
