//! Several who replay, a reader that goes on meanwhile, and many poisonous events at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::sql::consumers::SqlConsumerStore;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::app::shared::event_reader::{EventReader, MAX_ATTEMPTS, Progress};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::events::{ConsumerStore, DeadLetter, EventFeed, EventRecord, Passage};
use diesel::connection::SimpleConnection;

use super::effects::{
    CONSUMER, NOT_FOUND, append, drain, effects, effects_of, gone, id, ids, letters_of, list, number_of, reader, replay,
};
use crate::shared::event_log::event;
use crate::support::databases::{TestDatabase, postgres, sqlite};
use crate::support::fixed::FixedClock;

fn of_many_who_replay_at_once_one_has_an_effect(home: &TestDatabase) {
    const THREADS: usize = 8;
    append(home, (1..=3).map(event).collect());
    let consumer = effects_of(home, [1, 2, 3], &[]);
    drain(&reader(home, &consumer));
    let letters = letters_of(home, &consumer);
    consumer.heal();
    for number in 1..=3 {
        let start = Barrier::new(THREADS);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_thread| {
                    scope.spawn(|| {
                        start.wait();
                        replay(&letters, &id(number))
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let done = answers
            .iter()
            .filter(|answer| **answer == Ok(gone(number, None)))
            .count();
        let late = answers.iter().filter(|answer| **answer == Err(NOT_FOUND)).count();
        assert_eq!((done, late), (1, THREADS - 1), "{answers:?}");
    }
    assert_eq!(effects(home), [1, 2, 3]);
}

/// A reader that has seen a lane parked must not park more behind it once the lane is empty, nor pass what is left.
fn a_lane_that_is_replayed_while_events_come_keeps_its_order_and_loses_none(home: &TestDatabase) {
    const EVENTS: u128 = 240;
    append(home, (1..=8).map(event).collect());
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    consumer.heal();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let reader = reader(home, &consumer);
            for number in 9..=EVENTS {
                append(home, vec![event(number)]);
                if number % 4 == 0 {
                    drain(&reader);
                }
            }
            drain(&reader);
            ended.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            let letters = letters_of(home, &consumer);
            loop {
                let is_last_look = ended.load(Ordering::SeqCst);
                let left = ids(&letters);
                for id in &left {
                    replay(&letters, id).unwrap();
                }
                if is_last_look {
                    break;
                }
            }
        });
    });
    assert_eq!(ids(&letters_of(home, &consumer)), []);
    let made = effects(home);
    for lane in 0..8 {
        let of_the_lane: Vec<u128> = made.iter().copied().filter(|number| number % 8 == lane).collect();
        let expected: Vec<u128> = (1..=EVENTS).filter(|number| number % 8 == lane).collect();
        assert_eq!(of_the_lane, expected);
    }
}

/// The lane is emptied between the reader's look and its parking.
fn an_event_is_not_left_behind_in_a_lane_that_is_empty(home: &TestDatabase) {
    append(home, vec![event(3)]);
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    consumer.heal();
    append(home, vec![event(11)]);
    let letters = letters_of(home, &consumer);
    let positions = Arc::new(EmptiedMeanwhile {
        positions: SqlConsumerStore::new(home.database.clone()),
        empty: Box::new(move || assert_eq!(replay(&letters, &id(3)), Ok(gone(3, None)))),
    });
    let reader = EventReader::new(
        Arc::new(SqlEventFeed::new(home.database.clone())),
        positions,
        consumer.clone(),
        Arc::new(FixedClock::new()),
    );
    assert_eq!(reader.read_batch(), Progress::Read(1));
    assert_eq!(effects(home), [3, 11]);
    assert_eq!(ids(&letters_of(home, &consumer)), []);
}

/// Positions of a reader that is interrupted when it has looked which lanes are parked.
struct EmptiedMeanwhile {
    positions: SqlConsumerStore,
    empty: Box<dyn Fn() + Send + Sync>,
}

mod interrupted {
    use std::collections::BTreeSet;

    use banyan::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, Passage};
    use banyan::ports::shared::storage::StorageError;

    use super::EmptiedMeanwhile;

    impl ConsumerStandings for EmptiedMeanwhile {
        fn position(&self, consumer: &str) -> Result<i64, StorageError> {
            self.positions.position(consumer)
        }

        fn parked(&self, consumer: &str, limit: u32) -> Result<Vec<DeadLetter>, StorageError> {
            self.positions.parked(consumer, limit)
        }
    }

    impl ConsumerStore for EmptiedMeanwhile {
        fn advance(&self, passage: &Passage) -> Result<(), StorageError> {
            self.positions.advance(passage)
        }

        fn parked_among(&self, consumer: &str, subjects: &[&str]) -> Result<BTreeSet<String>, StorageError> {
            let parked = self.positions.parked_among(consumer, subjects)?;
            (self.empty)();
            Ok(parked)
        }

        fn park(&self, letter: &DeadLetter, passage: &Passage) -> Result<(), StorageError> {
            self.positions.park(letter, passage)
        }

        fn park_behind(&self, letter: &DeadLetter, passage: &Passage) -> Result<bool, StorageError> {
            self.positions.park_behind(letter, passage)
        }
    }
}

/// On a server two transactions run at once: whoever parks behind a letter that is just being replayed waits for the outcome.
#[test]
fn who_parks_behind_a_letter_that_is_being_replayed_waits_until_it_is_gone() {
    let home = &postgres("orders", MIGRATIONS);
    append(home, vec![event(3)]);
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    consumer.heal();
    append(home, vec![event(11)]);
    let logged = SqlEventFeed::new(home.database.clone())
        .read_after(1, 1)
        .unwrap()
        .remove(0);
    let positions = SqlConsumerStore::new(home.database.clone());
    let (passage, letter) = (
        Passage {
            consumer: CONSUMER.to_owned(),
            from_position: 1,
            to_position: logged.seq,
        },
        DeadLetter {
            consumer: CONSUMER.to_owned(),
            event: logged,
            reason: "it waits".to_owned(),
            attempts: 0,
            parked_at: FixedClock::new().now(),
        },
    );
    std::thread::scope(|scope| {
        // The log is held, and with it the replay behind all but its last statement.
        let parked = home.database.write(|conn| {
            conn.batch_execute(HOLD_THE_LOG).unwrap();
            scope.spawn(|| assert_eq!(replay(&letters_of(home, &consumer), &id(3)), Ok(gone(3, None))));
            conn.batch_execute(UNTIL_SOMEBODY_WAITS_FOR_IT).unwrap();
            let parked = scope.spawn(|| positions.park_behind(&letter, &passage).unwrap());
            std::thread::sleep(Duration::from_millis(300));
            Ok(parked)
        });
        assert!(
            !parked.unwrap().join().unwrap(),
            "the lane is free, and nothing was parked"
        );
    });
    assert_eq!((effects(home), ids(&letters_of(home, &consumer))), (vec![3], vec![]));
}

const HOLD_THE_LOG: &str = "SELECT pg_advisory_xact_lock(hashtextextended('banyan.event_log.' || current_schema(), 0))";
const UNTIL_SOMEBODY_WAITS_FOR_IT: &str = "DO $$ BEGIN
    FOR look IN 1..2000 LOOP
        EXIT WHEN EXISTS (
            SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
        );
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$";

/// Fifty poisonous events among a thousand: each is tried five times and set aside, the others pass, and when the consumer
/// is mended all of them take effect, once.
fn poison_is_set_aside_after_five_attempts_and_replayed_once_when_it_is_none_any_more(home: &TestDatabase) {
    const EVENTS: u128 = 1_000;
    let is_poison = |number: &u128| number % 20 == 7;
    let of_its_own = |number: u128| EventRecord {
        subject: format!("subject-{number}"),
        ..event(number)
    };
    let consumer = effects_of(home, (1..=EVENTS).filter(is_poison), &[]);
    let reader = reader(home, &consumer);
    let took = |numbers: std::ops::RangeInclusive<u128>| {
        append(home, numbers.map(of_its_own).collect());
        let began = Instant::now();
        drain(&reader);
        began.elapsed()
    };
    let (with_poison, without) = (took(1..=EVENTS), took(EVENTS + 1..=2 * EVENTS));
    // For docs/figures.md; how fast a machine is under test is nothing to be judged by.
    eprintln!("{EVENTS} events, 50 of them poison: {with_poison:?}; none of them: {without:?}");

    let is_healthy = |number: &u128| *number > EVENTS || !is_poison(number);
    let healthy: Vec<u128> = (1..=2 * EVENTS).filter(is_healthy).collect();
    assert_eq!(effects(home), healthy, "the others pass, once and in order");
    let attempts = consumer.attempts.lock().unwrap().clone();
    for (number, tried) in &attempts {
        assert_eq!(*tried, if is_healthy(number) { 1 } else { MAX_ATTEMPTS }, "{number}");
    }
    let letters = letters_of(home, &consumer);
    let parked = list(&letters, None, 100, None).unwrap().items;
    assert_eq!(parked.len(), 50);
    for parked in &parked {
        let number = number_of(&parked.letter.event.event);
        assert_eq!(parked.letter.attempts, MAX_ATTEMPTS);
        assert_eq!(parked.letter.reason, format!("{number} is poison"));
    }
    // Nobody tries again by himself.
    for _turn in 0..20 {
        assert_eq!(reader.read_batch(), Progress::Idle);
    }
    assert_eq!(*consumer.attempts.lock().unwrap(), attempts);

    consumer.heal();
    for parked in &parked {
        assert_eq!(replay(&letters, &parked.id).map(|gone| gone.next), Ok(None));
        assert_eq!(replay(&letters, &parked.id), Err(NOT_FOUND));
    }
    assert_eq!(ids(&letters), []);
    let mut made = effects(home);
    made.sort_unstable();
    assert_eq!(made, (1..=2 * EVENTS).collect::<Vec<_>>(), "all of them, once");
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(&super::sqlite("orders", super::MIGRATIONS)); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(&super::postgres("orders", super::MIGRATIONS)); })+ }
    };
}

on_both!(
    of_many_who_replay_at_once_one_has_an_effect,
    a_lane_that_is_replayed_while_events_come_keeps_its_order_and_loses_none,
    an_event_is_not_left_behind_in_a_lane_that_is_empty,
    poison_is_set_aside_after_five_attempts_and_replayed_once_when_it_is_none_any_more,
);
