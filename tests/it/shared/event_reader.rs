//! A consumer takes each event in once and in order; poison is set aside with its lane.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::app::shared::event_reader::{ConsumeError, Consumer, EventReader, MAX_ATTEMPTS, Progress};
use banyan::ports::shared::events::{ConsumerStandings, ConsumerStore, Delivery, EventRecord, Passage};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};

use super::event_log::event;
use crate::support::databases::{TestDatabase, postgres, sqlite};
use crate::support::fixed::FixedClock;

/// Takes events in by noting them down in memory after the delivery was committed; refuses what it is told to.
struct Notes {
    database: Arc<Database>,
    taken: Mutex<Vec<String>>,
    poison: Vec<String>,
    /// What it panics at.
    panics_at: Vec<String>,
    attempts: Mutex<u32>,
    /// How many it took in at once, where it can.
    runs: Option<Mutex<Vec<usize>>>,
}

impl Consumer for Notes {
    fn name(&self) -> &'static str {
        "orders.on_test_happened"
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["test.happened"]
    }

    fn consume(&self, event: &EventRecord, delivery: &Delivery) -> Result<bool, ConsumeError> {
        *self.attempts.lock().unwrap() += 1;
        assert!(!self.panics_at.contains(&event.payload), "it cannot stand this one");
        if self.poison.contains(&event.payload) {
            return Err(ConsumeError::Poison("it is poison".into()));
        }
        self.database
            .commit(&UnitOfWork::none().with_delivery(delivery.clone()), |_conn| Ok(()))?;
        self.taken.lock().unwrap().push(event.payload.clone());
        Ok(true)
    }

    fn consume_together(&self, events: &[&EventRecord], delivery: &Delivery) -> Result<bool, ConsumeError> {
        let Some(runs) = &self.runs else {
            return Ok(false);
        };
        let panics_at = |event: &&EventRecord| self.panics_at.contains(&event.payload);
        assert!(!events.iter().any(panics_at), "it cannot stand one of these");
        if events.iter().any(|event| self.poison.contains(&event.payload)) {
            return Err(ConsumeError::Poison("one of them is poison".into()));
        }
        self.database
            .commit(&UnitOfWork::none().with_delivery(delivery.clone()), |_conn| Ok(()))?;
        runs.lock().unwrap().push(events.len());
        let mut taken = self.taken.lock().unwrap();
        taken.extend(events.iter().map(|event| event.payload.clone()));
        Ok(true)
    }
}

fn notes(home: &TestDatabase, poison: &[u128]) -> Arc<Notes> {
    Arc::new(Notes {
        database: home.database.clone(),
        taken: Mutex::default(),
        poison: poison.iter().map(|number| event(*number).payload).collect(),
        panics_at: Vec::new(),
        attempts: Mutex::new(0),
        runs: None,
    })
}

/// Of those that take several events in at once.
fn notes_of_runs(home: &TestDatabase, poison: &[u128]) -> Arc<Notes> {
    let notes = Arc::into_inner(notes(home, poison)).unwrap();
    Arc::new(Notes {
        runs: Some(Mutex::default()),
        ..notes
    })
}

fn reader(home: &TestDatabase, consumer: &Arc<Notes>) -> EventReader {
    EventReader::new(
        Arc::new(SqlEventFeed::new(home.database.clone())),
        Arc::new(SqlConsumerStore::new(home.database.clone())),
        consumer.clone(),
        Arc::new(FixedClock::new()),
    )
}

fn append(home: &TestDatabase, numbers: impl IntoIterator<Item = u128>) {
    let events = numbers.into_iter().map(event).collect();
    home.database
        .commit(&UnitOfWork::events(events), |_conn| Ok(()))
        .unwrap();
}

/// Reads until there is nothing more. How often another reader overtakes this one is the scheduler's affair, so the
/// bound is a time and not a number of batches.
fn drain(reader: &EventReader) {
    let until = Instant::now() + Duration::from_mins(1);
    while reader.read_batch() != Progress::Idle {
        assert!(Instant::now() < until, "the reader does not come to an end");
    }
}

fn each_event_takes_effect_once_and_in_order(home: &TestDatabase) {
    append(home, 1..=250);
    let consumer = notes(home, &[]);
    // Two readers of the same name, at once: what one has taken in the other passes over.
    let readers = [reader(home, &consumer), reader(home, &consumer)];
    std::thread::scope(|scope| {
        for reader in &readers {
            scope.spawn(|| drain(reader));
        }
    });
    let expected: Vec<String> = (1..=250).map(|number| event(number).payload).collect();
    let mut taken = consumer.taken.lock().unwrap().clone();
    // Two threads note down after they commit, so only the set is certain here; the order is that of the positions.
    taken.sort_by_key(|payload| expected.iter().position(|known| known == payload));
    assert_eq!(taken, expected);
    drain(&readers[0]);
    assert_eq!(
        consumer.taken.lock().unwrap().len(),
        250,
        "reading on takes nothing in again"
    );
}

fn a_position_moves_only_from_where_it_stands(home: &TestDatabase) {
    let store = SqlConsumerStore::new(home.database.clone());
    let step = |from_position, to_position| Passage {
        consumer: "c".into(),
        from_position,
        to_position,
    };
    assert_eq!(store.position("c").unwrap(), 0);
    store.advance(&step(0, 5)).unwrap();
    assert!(matches!(store.advance(&step(0, 6)), Err(StorageError::Stale)));
    assert!(matches!(store.advance(&step(4, 6)), Err(StorageError::Stale)));
    store.advance(&step(5, 6)).unwrap();
    assert_eq!(store.position("c").unwrap(), 6);
}

fn poison_parks_its_lane_and_nothing_else(home: &TestDatabase) {
    append(home, 1..=24);
    // Of the eight subjects, that of 3, 11 and 19.
    let consumer = notes(home, &[3]);
    drain(&reader(home, &consumer));
    let taken = consumer.taken.lock().unwrap().clone();
    let expected: Vec<String> = (1..=24)
        .filter(|n| ![3, 11, 19].contains(n))
        .map(|n| event(n).payload)
        .collect();
    assert_eq!(taken, expected, "the other lanes flow, in order");
    let parked = SqlConsumerStore::new(home.database.clone())
        .parked("orders.on_test_happened", 10)
        .unwrap();
    let parked: Vec<_> = parked
        .iter()
        .map(|letter| (letter.event.event.clone(), letter.attempts))
        .collect();
    assert_eq!(parked, [(event(3), MAX_ATTEMPTS), (event(11), 0), (event(19), 0)]);
    let attempts = u32::try_from(expected.len()).unwrap() + u32::try_from(MAX_ATTEMPTS).unwrap();
    assert_eq!(
        *consumer.attempts.lock().unwrap(),
        attempts,
        "attempts at poison are bounded"
    );
}

fn a_run_of_events_is_taken_in_with_one_commit(home: &TestDatabase) {
    append(home, 1..=250);
    let consumer = notes_of_runs(home, &[]);
    drain(&reader(home, &consumer));
    let expected: Vec<String> = (1..=250).map(|number| event(number).payload).collect();
    assert_eq!(*consumer.taken.lock().unwrap(), expected);
    assert_eq!(
        *consumer.runs.as_ref().unwrap().lock().unwrap(),
        [100, 100, 50],
        "one commit for each batch"
    );
    assert_eq!(*consumer.attempts.lock().unwrap(), 0);
}

fn runs_of_two_readers_take_effect_once(home: &TestDatabase) {
    append(home, 1..=2_000);
    let consumer = notes_of_runs(home, &[]);
    let readers = [reader(home, &consumer), reader(home, &consumer)];
    std::thread::scope(|scope| {
        for reader in &readers {
            scope.spawn(|| drain(reader));
        }
    });
    let mut taken = consumer.taken.lock().unwrap().clone();
    taken.sort();
    let mut expected: Vec<String> = (1..=2_000).map(|number| event(number).payload).collect();
    expected.sort();
    assert_eq!(taken, expected);
}

fn poison_in_a_run_parks_its_lane_and_nothing_else(home: &TestDatabase) {
    append(home, 1..=124);
    // Of the eight subjects, that of 3, 11, ... 99 and, in the next batch, 107, 115 and 123.
    let consumer = notes_of_runs(home, &[3]);
    drain(&reader(home, &consumer));
    let of_the_lane = |n: &u128| n % 8 == 3;
    let expected: Vec<String> = (1..=124)
        .filter(|n| !of_the_lane(n))
        .map(|n| event(n).payload)
        .collect();
    assert_eq!(
        *consumer.taken.lock().unwrap(),
        expected,
        "the other lanes flow, in order"
    );
    let parked = SqlConsumerStore::new(home.database.clone())
        .parked("orders.on_test_happened", 100)
        .unwrap();
    let parked: Vec<String> = parked.iter().map(|letter| letter.event.event.payload.clone()).collect();
    let lane: Vec<String> = (1..=124).filter(of_the_lane).map(|n| event(n).payload).collect();
    assert_eq!(parked, lane);
}

/// Those that panic at an event. Returns what it parked, and how often each was tried.
fn parked_by_one_that_panics(home: &TestDatabase, notes: Arc<Notes>) -> Vec<(String, String, i32)> {
    append(home, 1..=24);
    let notes = Arc::into_inner(notes).unwrap();
    let consumer = Arc::new(Notes {
        panics_at: vec![event(3).payload],
        ..notes
    });
    drain(&reader(home, &consumer));
    let taken = consumer.taken.lock().unwrap().clone();
    let others: Vec<String> = (1..=24).filter(|n| n % 8 != 3).map(|n| event(n).payload).collect();
    assert_eq!(taken, others, "the other lanes flow, in order");
    let letters = SqlConsumerStore::new(home.database.clone())
        .parked("orders.on_test_happened", 10)
        .unwrap();
    let letters = letters.into_iter();
    letters
        .map(|letter| (letter.event.event.payload, letter.reason, letter.attempts))
        .collect()
}

fn an_event_at_which_a_consumer_panics_is_parked_after_five_attempts(home: &TestDatabase) {
    let parked = parked_by_one_that_panics(home, notes(home, &[]));
    let (payload, reason, attempts) = &parked[0];
    assert_eq!((payload, *attempts), (&event(3).payload, MAX_ATTEMPTS));
    assert_eq!(reason, "the consumer panicked: it cannot stand this one");
    assert_eq!(parked.len(), 3, "its lane waits behind it");
}

fn a_panic_in_a_run_parks_its_lane_and_nothing_else(home: &TestDatabase) {
    let parked = parked_by_one_that_panics(home, notes_of_runs(home, &[]));
    let payloads: Vec<&String> = parked.iter().map(|(payload, ..)| payload).collect();
    assert_eq!(payloads, [&event(3).payload, &event(11).payload, &event(19).payload]);
}

macro_rules! on_both {
    ($($name:ident),+) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(&super::sqlite("orders", super::MIGRATIONS)); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(&super::postgres("orders", super::MIGRATIONS)); })+ }
    };
}

on_both!(
    each_event_takes_effect_once_and_in_order,
    a_position_moves_only_from_where_it_stands,
    poison_parks_its_lane_and_nothing_else,
    a_run_of_events_is_taken_in_with_one_commit,
    runs_of_two_readers_take_effect_once,
    poison_in_a_run_parks_its_lane_and_nothing_else,
    an_event_at_which_a_consumer_panics_is_parked_after_five_attempts,
    a_panic_in_a_run_parks_its_lane_and_nothing_else
);
