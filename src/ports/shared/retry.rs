//! When a call to another process is made again: the one place where that is decided, for whoever carries calls.
//!
//! The rule is what may have happened. A query may be asked again at will. A command is sent again while it is certain
//! that nothing has been done, or under an idempotency key that its use case looks up, which gives the answer of the first
//! time. Everything else is for the caller, who knows what the operation means.

use std::time::Duration;

use super::call_context::CallContext;
use super::clock::IdSource;
use super::failure::Failure;
use super::operation::{Kind, Operation};
use super::wire::Answer;

/// Attempts at a call. More would only make a caller wait who has better things to do: the saga tries again later, the
/// client gets an answer.
pub const ATTEMPTS_MAX: u32 = 3;
/// Pause before the second attempt; before the third it is twice as long. Long enough for a lost connection to be made
/// anew, short enough not to be noticed.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// How often we ask again while the attempt whose answer was lost is still being carried out.
const ASKED_AGAIN_MAX: u32 = 20;
/// The longest pause between two such questions: with [`ASKED_AGAIN_MAX`], they go on for some eight seconds.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// What an attempt came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Attempt<R, E> {
    /// The operation answered.
    Answered(Answer<R, E>),
    /// The other side could not be reached: nothing has been done.
    NotReached,
    /// Nothing has been done, and to ask again at once would not change that.
    TurnedAway(Failure<E>),
    /// It was sent and not answered: whether it has been done is unknown.
    Lost(Lost),
}

/// How an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It did not come in time.
    OutOfTime,
    /// The connection broke.
    CutOff,
}

/// An attempt at `Op`.
pub type AttemptAt<Op> = Attempt<<Op as Operation>::Reply, <Op as Operation>::Error>;

/// Makes a call: one attempt, or more where that is right and the deadline allows it.
///
/// A replay is noted in `cx` only where it cannot be the answer to an attempt of ours that was lost.
///
/// # Errors
/// What the operation answered; [`Failure::Unavailable`] where it certainly has not been carried out,
/// [`Failure::Timeout`] where that is unknown or, for a query, where no answer came in time.
pub fn call<Op: Operation>(
    cx: &CallContext,
    ids: &dyn IdSource,
    mut attempt: impl FnMut() -> AttemptAt<Op>,
) -> Result<Op::Reply, Failure<Op::Error>> {
    let mut retries = Retries::new(Op::KIND, Op::KEYED && cx.idempotency_key.is_some());
    loop {
        match retries.judge(attempt(), cx.deadline.remaining(), ids) {
            Verdict::Done(Answer { result, replayed }) => {
                if replayed {
                    cx.note_replayed();
                }
                return result;
            }
            Verdict::Again(pause) => std::thread::sleep(pause),
        }
    }
}

enum Verdict<R, E> {
    Done(Answer<R, E>),
    Again(Duration),
}

struct Retries {
    may_repeat_what_was_lost: bool,
    is_query: bool,
    attempts: u32,
    asked_again: u32,
    /// An attempt of ours was lost, and may have had its effect.
    may_have_happened: bool,
}

impl Retries {
    fn new(kind: Kind, has_key: bool) -> Self {
        Self {
            may_repeat_what_was_lost: kind == Kind::Query || has_key,
            is_query: kind == Kind::Query,
            attempts: 0,
            asked_again: 0,
            may_have_happened: false,
        }
    }

    fn judge<R, E>(&mut self, attempt: Attempt<R, E>, time_left: Duration, ids: &dyn IdSource) -> Verdict<R, E> {
        self.attempts += 1;
        let again = match &attempt {
            Attempt::Answered(Answer {
                result: Err(Failure::IdempotencyKeyInFlight),
                ..
            }) if self.may_have_happened => self.pause_while_in_flight(),
            Attempt::NotReached => self.pause_before_next(),
            Attempt::Lost(_) if self.may_repeat_what_was_lost => self.pause_before_next(),
            Attempt::Answered(_) | Attempt::TurnedAway(_) | Attempt::Lost(_) => None,
        };
        self.may_have_happened |= !self.is_query && matches!(attempt, Attempt::Lost(_));
        match again.map(|pause| jittered(pause, ids)) {
            Some(pause) if pause < time_left => Verdict::Again(pause),
            _ => Verdict::Done(self.last_word(attempt)),
        }
    }

    fn pause_before_next(&self) -> Option<Duration> {
        // Questions about an attempt in flight are no attempts: they have a limit of their own.
        let attempts = self.attempts.saturating_sub(self.asked_again);
        let doublings = attempts.checked_sub(1)?;
        (attempts < ATTEMPTS_MAX).then(|| FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)))
    }

    fn pause_while_in_flight(&mut self) -> Option<Duration> {
        self.asked_again += 1;
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.asked_again));
        (self.asked_again <= ASKED_AGAIN_MAX).then_some(pause.min(PAUSE_MAX))
    }

    /// What the caller is told when there is no further attempt.
    fn last_word<R, E>(&self, attempt: Attempt<R, E>) -> Answer<R, E> {
        let (result, replayed) = match attempt {
            Attempt::Answered(Answer { result, replayed }) => (result, replayed),
            Attempt::NotReached => (Err(Failure::Unavailable), false),
            Attempt::TurnedAway(failure) => (Err(failure), false),
            Attempt::Lost(Lost::CutOff) if self.is_query => (Err(Failure::Unavailable), false),
            Attempt::Lost(_) => (Err(Failure::Timeout), false),
        };
        if !self.may_have_happened {
            return Answer { result, replayed };
        }
        // That *this* attempt did nothing says nothing of the one that was lost.
        let result = result.map_err(|failure| match failure {
            Failure::Unavailable | Failure::Overloaded | Failure::IdempotencyKeyInFlight => Failure::Timeout,
            other => other,
        });
        Answer {
            result,
            replayed: false,
        }
    }
}

/// Half of the pause, and a random part of the other half: callers that were cut off together do not come back together.
fn jittered(pause: Duration, ids: &dyn IdSource) -> Duration {
    /// Steps of the random part.
    const STEPS: u32 = 1_000;
    let half = pause / 2;
    // The low bits of a `UUIDv7` are random (RFC 9562, 5.7).
    let step = u32::try_from(ids.next_uuid().as_u128() % u128::from(STEPS + 1)).unwrap_or(0);
    half + half.saturating_mul(step) / STEPS
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use uuid::Uuid;

    use super::*;
    use crate::ports::shared::access::Principal;
    use crate::ports::shared::call_context::Deadline;
    use crate::ports::shared::specimens::{Act, ActError, ActOnce, Ask, State};

    struct NoJitter;

    impl IdSource for NoJitter {
        fn next_uuid(&self) -> Uuid {
            Uuid::nil()
        }
    }

    fn context(key: Option<&str>, time: Duration) -> CallContext {
        let mut cx = CallContext::new(Principal::Anonymous, "c".parse().unwrap(), Deadline::after(time));
        cx.idempotency_key = key.map(|key| key.parse().unwrap());
        cx
    }

    const LONG: Duration = Duration::from_mins(1);

    type Cancelling = Attempt<State, ActError>;

    fn answered<R, E>(failure: Failure<E>) -> Attempt<R, E> {
        Attempt::Answered(Answer {
            result: Err(failure),
            replayed: false,
        })
    }

    /// Carries out `Op`; the attempts come to this, one after the other. Returns the failure and how many were made.
    fn failure_of<Op: Operation>(cx: &CallContext, attempts: Vec<AttemptAt<Op>>) -> (Failure<Op::Error>, usize) {
        let made = Cell::new(0);
        let mut attempts = attempts.into_iter();
        let result = call::<Op>(cx, &NoJitter, || {
            made.set(made.get() + 1);
            attempts.next().expect("no further attempt")
        });
        (result.err().expect("it fails"), made.get())
    }

    #[test]
    fn a_query_is_asked_again_whatever_became_of_it() {
        let cx = context(None, LONG);
        let not_found = || answered(Failure::Forbidden);
        let lost = vec![Attempt::Lost(Lost::CutOff), Attempt::NotReached, not_found()];
        assert_eq!(failure_of::<Ask>(&cx, lost), (Failure::Forbidden, 3));
        let cut_off = vec![Attempt::NotReached, Attempt::NotReached, Attempt::Lost(Lost::CutOff)];
        assert_eq!(failure_of::<Ask>(&cx, cut_off), (Failure::Unavailable, 3));
        let slow = vec![Attempt::NotReached, Attempt::NotReached, Attempt::Lost(Lost::OutOfTime)];
        assert_eq!(failure_of::<Ask>(&cx, slow), (Failure::Timeout, 3));
    }

    #[test]
    fn a_command_without_a_key_is_repeated_only_while_nothing_has_been_done() {
        let cx = context(None, LONG);
        let lost = vec![Attempt::NotReached, Attempt::Lost(Lost::CutOff)];
        assert_eq!(failure_of::<Act>(&cx, lost), (Failure::Timeout, 2));
        let away: Vec<Cancelling> = vec![Attempt::NotReached, Attempt::NotReached, Attempt::NotReached];
        assert_eq!(failure_of::<Act>(&cx, away), (Failure::Unavailable, 3));
    }

    const DAMAGED: Failure<ActError> = Failure::Domain(ActError::TooFew { pieces: 1 });

    #[test]
    fn a_command_under_a_key_is_repeated_and_its_first_attempt_not_forgotten() {
        let cx = context(Some("k"), LONG);
        let answer = vec![Attempt::Lost(Lost::CutOff), answered(DAMAGED)];
        assert_eq!(failure_of::<ActOnce>(&cx, answer), (DAMAGED, 2));
        for nothing_done in [
            vec![Attempt::Lost(Lost::OutOfTime), Attempt::NotReached, Attempt::NotReached],
            vec![
                Attempt::Lost(Lost::CutOff),
                Attempt::NotReached,
                Attempt::TurnedAway(Failure::Overloaded),
            ],
            vec![
                Attempt::Lost(Lost::CutOff),
                Attempt::NotReached,
                answered(Failure::Unavailable),
            ],
        ] {
            assert_eq!(failure_of::<ActOnce>(&cx, nothing_done), (Failure::Timeout, 3));
        }
    }

    #[test]
    fn a_key_that_no_use_case_looks_up_makes_nothing_safe_to_repeat() {
        let cx = context(Some("k"), LONG);
        let lost = vec![Attempt::Lost(Lost::CutOff)];
        assert_eq!(failure_of::<Act>(&cx, lost), (Failure::Timeout, 1));
    }

    fn in_flight() -> Attempt<State, ActError> {
        answered(Failure::IdempotencyKeyInFlight)
    }

    #[test]
    fn only_an_attempt_of_our_own_in_flight_is_waited_for() {
        let cx = context(Some("k"), LONG);
        assert_eq!(
            failure_of::<ActOnce>(&cx, vec![in_flight()]),
            (Failure::IdempotencyKeyInFlight, 1)
        );
        let ours = vec![
            Attempt::Lost(Lost::CutOff),
            in_flight(),
            in_flight(),
            in_flight(),
            answered(DAMAGED),
        ];
        assert_eq!(failure_of::<ActOnce>(&cx, ours), (DAMAGED, 5));
        let mut retries = Retries::new(Kind::Command, true);
        let lost = retries.judge::<State, ActError>(Attempt::Lost(Lost::CutOff), LONG, &NoJitter);
        assert!(matches!(lost, Verdict::Again(_)));
        let mut asked = 0;
        while matches!(retries.judge(in_flight(), LONG, &NoJitter), Verdict::Again(_)) {
            asked += 1;
        }
        assert_eq!(asked, ASKED_AGAIN_MAX);
    }

    #[test]
    fn what_was_turned_away_is_not_asked_for_again() {
        let cx = context(Some("k"), LONG);
        let turned_away = vec![Attempt::TurnedAway(Failure::Overloaded)];
        assert_eq!(failure_of::<ActOnce>(&cx, turned_away), (Failure::Overloaded, 1));
    }

    #[test]
    fn no_attempt_is_made_behind_the_deadline() {
        let cx = context(None, Duration::ZERO);
        assert_eq!(
            failure_of::<Ask>(&cx, vec![Attempt::NotReached]),
            (Failure::Unavailable, 1)
        );
    }

    #[test]
    fn a_replay_of_our_own_attempt_is_no_replay_to_the_caller() {
        let replay = || {
            Attempt::Answered(Answer {
                result: Err(DAMAGED),
                replayed: true,
            })
        };
        let cx = context(Some("k"), LONG);
        failure_of::<ActOnce>(&cx, vec![Attempt::Lost(Lost::CutOff), replay()]);
        assert!(!cx.was_replayed());
        failure_of::<ActOnce>(&cx, vec![Attempt::NotReached, replay()]);
        assert!(
            cx.was_replayed(),
            "nothing of ours had been done: it is an earlier request's answer"
        );
    }

    #[test]
    fn a_pause_is_at_least_half_and_at_most_whole() {
        struct Fixed(u128);
        impl IdSource for Fixed {
            fn next_uuid(&self) -> Uuid {
                Uuid::from_u128(self.0)
            }
        }
        let pause = Duration::from_millis(100);
        assert_eq!(jittered(pause, &Fixed(0)), Duration::from_millis(50));
        assert_eq!(jittered(pause, &Fixed(1_000)), pause);
    }
}
