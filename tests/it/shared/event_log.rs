//! A reader of the log sees every committed event, in order, whoever commits when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::shared::events::{EventFeed, EventRecord};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};
use uuid::Uuid;

use crate::support::databases::{TestDatabase, postgres, sqlite};

/// An event with a number, of one of eight subjects.
pub fn event(number: u128) -> EventRecord {
    EventRecord {
        event_id: Uuid::from_u128(number).into(),
        event_type: "test.happened".into(),
        version: 1,
        subject: format!("subject-{}", number % 8),
        payload: format!("{{\"number\":{number}}}"),
        occurred_at: Timestamp::from_unix_seconds(1_767_225_600).unwrap().plus_ms(7),
        correlation_id: Uuid::from_u128(5).into(),
        trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
    }
}

fn an_event_comes_back_as_it_was_appended(home: &TestDatabase) {
    let unit = UnitOfWork::events(vec![event(1), event(2)]);
    home.database.commit(&unit, |_conn| Ok(())).unwrap();
    let read = SqlEventFeed::new(home.database.clone()).read_after(0, 10).unwrap();
    assert_eq!(
        read.iter().map(|logged| logged.event.clone()).collect::<Vec<_>>(),
        unit.events
    );
    assert!(read[0].seq < read[1].seq);
    let rest = SqlEventFeed::new(home.database.clone())
        .read_after(read[0].seq, 10)
        .unwrap();
    assert_eq!(rest, [read[1].clone()]);
}

fn what_is_rolled_back_is_never_seen(home: &TestDatabase) {
    let refused = home.database.write(|conn| {
        // A unit that fails behind its events: the delivery of a consumer that stands elsewhere.
        let _ = conn;
        Err::<(), _>(StorageError::Stale)
    });
    assert!(matches!(refused, Err(StorageError::Stale)));
    home.database
        .commit(&UnitOfWork::events(vec![event(2)]), |_conn| Ok(()))
        .unwrap();
    let doomed: Result<(), _> = home
        .database
        .commit(&UnitOfWork::events(vec![event(2)]), |_conn| Ok(()));
    assert!(
        matches!(doomed, Err(StorageError::Duplicate { .. })),
        "the same event twice"
    );
    assert_eq!(
        SqlEventFeed::new(home.database.clone())
            .read_after(0, 10)
            .unwrap()
            .len(),
        1
    );
}

/// Eight writers whose transactions take differently long, one in ten rolled back, and a reader that never stops.
fn a_reader_misses_nothing_while_many_write(home: &TestDatabase) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 60;
    let committed = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let feed = SqlEventFeed::new(home.database.clone());
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut position, mut seen) = (0, Vec::new());
            loop {
                let finished = done.load(Ordering::SeqCst);
                let batch = feed.read_after(position, 7).unwrap();
                if batch.is_empty() && finished {
                    return seen;
                }
                position = batch.last().map_or(position, |logged| logged.seq);
                seen.extend(batch.into_iter().map(|logged| logged.event.event_id));
            }
        });
        std::thread::scope(|writers| {
            for writer in 0..WRITERS {
                let committed = &committed;
                writers.spawn(move || {
                    for turn in 0..EACH {
                        committed.fetch_add(write(&home.database, writer * EACH + turn + 1), Ordering::SeqCst);
                    }
                });
            }
        });
        done.store(true, Ordering::SeqCst);
        reader.join().unwrap()
    });
    let total = usize::try_from(committed.load(Ordering::SeqCst)).unwrap();
    let unique: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(seen.len(), total, "delivered = committed");
    assert_eq!(unique.len(), total, "none twice");
    assert!(total >= 400, "the writers wrote: {total}");
}

/// Commits an event after a while that depends on its number; one in ten fails and is rolled back. Returns how many
/// were committed.
fn write(database: &Database, number: u64) -> u64 {
    let pause = Duration::from_millis(number * 7 % 11);
    if number.is_multiple_of(10) {
        // The second event violates the unique id of the first: both are rolled back, with a hole in `seq`.
        let unit = UnitOfWork::events(vec![event(u128::from(number)), event(u128::from(number))]);
        assert!(database.commit(&unit, |_conn| Ok(())).is_err());
        return 0;
    }
    let unit = UnitOfWork::events(vec![event(u128::from(number))]);
    database
        .commit(&unit, |_conn| {
            std::thread::sleep(pause);
            Ok(())
        })
        .unwrap();
    1
}

macro_rules! on_both {
    ($($name:ident),+) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(&super::sqlite("orders", super::MIGRATIONS)); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(&super::postgres("orders", super::MIGRATIONS)); })+ }
    };
}

on_both!(
    an_event_comes_back_as_it_was_appended,
    what_is_rolled_back_is_never_seen,
    a_reader_misses_nothing_while_many_write
);
