//! Invariant 8: consumers of events neither lag nor set events aside.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use banyan::app::bootstrap::fsck::EventConsumerCheck;
use banyan::app::bootstrap::fsck::report::{FsckError, Report};
use banyan::ports::shared::events::{ConsumerStandings, DeadLetter, EventFeed, EventRecord, LoggedEvent};
use banyan::ports::shared::storage::StorageError;
use uuid::Uuid;

use super::books::{Books, broken, check, now};

fn event(seq: i64) -> LoggedEvent {
    LoggedEvent {
        seq,
        event: EventRecord {
            event_id: Uuid::from_u128(u128::try_from(seq).unwrap()).into(),
            event_type: "order.cancelled".to_owned(),
            version: 1,
            subject: "ord_1".to_owned(),
            payload: "{}".to_owned(),
            occurred_at: now(),
            correlation_id: "c".parse().unwrap(),
            trace_parent: None,
        },
    }
}

/// A log that may grow by so many events at each reading.
struct Log {
    end: AtomicI64,
    grows: i64,
}

impl EventFeed for Log {
    fn read_after(&self, position: i64, limit: u32) -> Result<Vec<LoggedEvent>, StorageError> {
        let end = self.end.fetch_add(self.grows, Ordering::SeqCst);
        let last = end.min(position + i64::from(limit));
        Ok((position + 1..=last).map(event).collect())
    }
}

/// A consumer that moves on by so many events whenever somebody looks, behind the first so many looks.
struct Positions {
    position: AtomicI64,
    step: i64,
    rest: AtomicI64,
    parked: Vec<DeadLetter>,
    away: bool,
}

impl ConsumerStandings for Positions {
    fn position(&self, _consumer: &str) -> Result<i64, StorageError> {
        if self.away {
            return Err(StorageError::Unavailable("gone".into()));
        }
        if self.rest.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(self.position.load(Ordering::SeqCst));
        }
        Ok(self.position.fetch_add(self.step, Ordering::SeqCst))
    }

    fn parked(&self, consumer: &str, _limit: u32) -> Result<Vec<DeadLetter>, StorageError> {
        assert_eq!(consumer, "inventory.on_order_cancelled");
        Ok(self.parked.clone())
    }
}

/// Checks a consumer that stands at `position` of a log of 2,500 events.
fn checked(position: i64, step: i64, grows: i64, parked: Vec<DeadLetter>, away: bool) -> Result<Report, FsckError> {
    let positions = Positions {
        position: AtomicI64::new(position),
        step,
        rest: AtomicI64::new(0),
        parked,
        away,
    };
    checked_where(positions, grows)
}

fn checked_where(positions: Positions, grows: i64) -> Result<Report, FsckError> {
    let consumer = EventConsumerCheck {
        name: "inventory.on_order_cancelled".to_owned(),
        feed: Arc::new(Log {
            end: AtomicI64::new(2_500),
            grows,
        }),
        positions: Arc::new(positions),
    };
    check(|_reading| Books::clean(), &[consumer])
}

#[test]
fn a_consumer_at_the_end_of_its_log_is_in_order() {
    let report = checked(2_500, 0, 0, vec![], false).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.counts.consumers, 1);
}

#[test]
fn a_consumer_that_stands_still_before_the_end_is_found_with_what_it_waits_for() {
    for position in [0, 100, 2_499] {
        let report = checked(position, 0, 0, vec![], false).unwrap();
        assert_eq!(broken(&report), [(8, "no consumer lags")]);
        let found = &report.violations[0];
        assert_eq!(
            found.rows,
            [
                "inventory.on_order_cancelled",
                &event(position + 1).event.event_id.to_string()
            ]
        );
        assert!(
            found
                .found
                .starts_with(&format!("it stands at {position}, the log went to 2500 ")),
            "{}",
            found.found
        );
    }
}

#[test]
fn a_consumer_that_keeps_pace_with_a_growing_log_is_in_order_and_one_that_creeps_is_not() {
    let fast = checked(1_000, 600, 10, vec![], false).unwrap();
    assert!(fast.is_clean(), "{fast}");
    let slow = checked(1_000, 1, 10, vec![], false).unwrap();
    assert_eq!(broken(&slow), [(8, "no consumer lags")]);
}

#[test]
fn a_consumer_that_nobody_reads_for_as_long_as_a_lease_lasts_is_in_order() {
    let resting = |looks| {
        let positions = Positions {
            position: AtomicI64::new(1_000),
            step: 1_500,
            rest: AtomicI64::new(looks),
            parked: vec![],
            away: false,
        };
        checked_where(positions, 0).unwrap()
    };
    // Two looks before it is waited for, and five of the nine meanwhile.
    assert!(resting(7).is_clean());
    assert_eq!(broken(&resting(20)), [(8, "no consumer lags")]);
}

#[test]
fn a_consumer_ahead_of_its_log_is_found() {
    let report = checked(2_501, 0, 0, vec![], false).unwrap();
    assert_eq!(broken(&report), [(8, "a consumer stands at an event of its log")]);
    assert_eq!(report.violations[0].found, "it stands at 2501, and the log ends before");
}

#[test]
fn events_that_were_set_aside_are_found_with_reason_and_attempts() {
    let letter = |seq, reason: &str, attempts| DeadLetter {
        consumer: "inventory.on_order_cancelled".to_owned(),
        event: event(seq),
        reason: reason.to_owned(),
        attempts,
        parked_at: now(),
    };
    let parked = vec![
        letter(7, "missing field", 5),
        letter(9, "an earlier event of this subject is parked", 0),
    ];
    let report = checked(2_500, 0, 0, parked, false).unwrap();
    assert_eq!(broken(&report), [(8, "no event is set aside"); 2]);
    let found = &report.violations[0];
    assert_eq!(
        found.rows[1..],
        [event(7).event.event_id.to_string(), "ord_1".to_owned()]
    );
    assert_eq!(
        found.found,
        "order.cancelled (number 7 of the log) was parked at 2026-01-01T00:00:00.000000Z after 5 attempts: missing field"
    );
}

#[test]
fn positions_that_cannot_be_read_are_an_error_and_no_verdict() {
    let error = checked(0, 0, 0, vec![], true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the events of inventory.on_order_cancelled cannot be read"
    );
}
