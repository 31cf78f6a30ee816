//! Invariant 8: what was committed takes effect. No consumer lags, and none has set an event aside.

use super::EventConsumerCheck;
use super::report::{FsckError, Report, Violation};
use crate::app::bootstrap::settle::Course;
use crate::ports::shared::storage::StorageError;

/// Events read at once to find the end of a log.
const BATCH: u32 = 1_000;
/// Batches read at most: a consumer that is further behind lags in any case.
const BATCHES_MAX: u32 = 20;
/// Dead letters listed of a consumer.
const DEAD_LETTERS_MAX: u32 = 100;
/// A consumer that moves is waited for this many times as long as others are: behind a rush of orders it may have a minute's
/// work before it, and nothing is wrong.
const WHILE_IT_MOVES: u32 = 12;
/// One that stands still is waited for this many times as long: 15 seconds. On `PostgreSQL` nobody reads for one instance
/// that was killed until its lease has run out, which takes 10 by default.
const WHILE_IT_STANDS: u32 = 3;

/// What a consumer had not taken in when it was looked at first.
struct Lag<'c> {
    check: &'c EventConsumerCheck,
    /// The last event of the log then, or one far enough ahead.
    target: i64,
    /// Where it stood when it was looked at last.
    position: i64,
    /// How often it was found there.
    standstill: u32,
}

/// Checks all consumers.
pub(super) fn check(
    consumers: &[EventConsumerCheck],
    course: Course<'_>,
    report: &mut Report,
) -> Result<(), FsckError> {
    let mut lags = Vec::new();
    for check in consumers {
        report.counts.consumers += 1;
        let failed = |source| FsckError::Events {
            consumer: check.name.clone(),
            source,
        };
        report.add(dead_letters(check).map_err(failed)?);
        report.add(ahead_of_its_log(check).map_err(failed)?);
        lags.extend(lag_of(check).map_err(failed)?);
    }
    report.add(wait_for(lags, course)?);
    Ok(())
}

/// A living shop writes new events all the time: a consumer is in order when it reaches the end as it was.
fn wait_for(mut lags: Vec<Lag<'_>>, course: Course<'_>) -> Result<Vec<Violation>, FsckError> {
    let mut violations = Vec::new();
    for round in 1..=course.patience.rounds.max(1) * WHILE_IT_MOVES {
        if lags.is_empty() {
            break;
        }
        course.pause()?;
        let is_last = round == course.patience.rounds.max(1) * WHILE_IT_MOVES;
        let mut left = Vec::new();
        for mut lag in lags {
            let failed = |source| FsckError::Events {
                consumer: lag.check.name.clone(),
                source,
            };
            let position = lag.check.positions.position(&lag.check.name).map_err(failed)?;
            lag.standstill = if position == lag.position {
                lag.standstill + 1
            } else {
                0
            };
            lag.position = position;
            if position >= lag.target {
                continue;
            }
            if is_last || lag.standstill >= course.patience.rounds * WHILE_IT_STANDS {
                violations.push(violation(&lag).map_err(failed)?);
            } else {
                left.push(lag);
            }
        }
        lags = left;
    }
    Ok(violations)
}

fn dead_letters(check: &EventConsumerCheck) -> Result<Vec<Violation>, StorageError> {
    let letters = check.positions.parked(&check.name, DEAD_LETTERS_MAX)?;
    Ok(letters
        .into_iter()
        .map(|letter| Violation {
            invariant: 8,
            rule: "no event is set aside",
            rows: vec![
                check.name.clone(),
                letter.event.event.event_id.to_string(),
                letter.event.event.subject,
            ],
            found: format!(
                "{} (number {} of the log) was parked at {} after {} attempts: {}",
                letter.event.event.event_type, letter.event.seq, letter.parked_at, letter.attempts, letter.reason
            ),
        })
        .collect())
}

/// A position is always that of an event. One behind the end of the log tells that the databases of the two contexts are
/// of different moments, as after a restored backup: the consumer would miss what is written up to its position.
fn ahead_of_its_log(check: &EventConsumerCheck) -> Result<Option<Violation>, StorageError> {
    let position = check.positions.position(&check.name)?;
    if position == 0 || !check.feed.read_after(position - 1, 1)?.is_empty() {
        return Ok(None);
    }
    Ok(Some(Violation {
        invariant: 8,
        rule: "a consumer stands at an event of its log",
        rows: vec![check.name.clone()],
        found: format!("it stands at {position}, and the log ends before"),
    }))
}

/// `None` where the consumer has seen all.
fn lag_of(check: &EventConsumerCheck) -> Result<Option<Lag<'_>>, StorageError> {
    let position = check.positions.position(&check.name)?;
    let mut target = position;
    for _batch in 0..BATCHES_MAX {
        let events = check.feed.read_after(target, BATCH)?;
        let Some(last) = events.last() else { break };
        target = last.seq;
    }
    Ok((target > position).then_some(Lag {
        check,
        target,
        position,
        standstill: 0,
    }))
}

fn violation(lag: &Lag<'_>) -> Result<Violation, StorageError> {
    let waiting = lag.check.feed.read_after(lag.position, 1)?;
    let first = waiting.first().map_or_else(
        || "none".to_owned(),
        |logged| format!("{} of {}", logged.event.event_type, logged.event.occurred_at),
    );
    let mut rows = vec![lag.check.name.clone()];
    rows.extend(waiting.first().map(|logged| logged.event.event_id.to_string()));
    let Lag { position, target, .. } = lag;
    Ok(Violation {
        invariant: 8,
        rule: "no consumer lags",
        rows,
        found: format!(
            "it stands at {position}, the log went to {target} when it was looked at first; the next event is {first}"
        ),
    })
}
