//! What is committed here takes effect there: all of it, once, in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use banyan::adapters::shared::messaging::broker_url::BrokerUrl;
use banyan::adapters::shared::messaging::feed::AmqpFeed;
use banyan::app::shared::event_reader::Progress;
use banyan::ports::shared::events::{ConsumerStandings, ConsumerStore, DeadLetter, EventFeed, EventRecord, Passage};
use banyan::ports::shared::storage::{StorageError, UnitOfWork};

use super::two_processes::{
    CONSUMER, NEVER, OutOfReach, RELAY, STOPS_WITHIN, TwoProcesses, drain, eventually, on_both, start,
};
use crate::shared::event_log::event;
use crate::support::broker::{on_a_channel, url};

#[test]
fn every_field_arrives_as_it_was_logged() {
    let two = TwoProcesses::on_sqlite();
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let _subscriber = two.subscribe(&feed);
    let strange = EventRecord {
        event_type: "inventory.reserved".into(),
        version: 3,
        subject: "größer \u{1F9EA} \"quoted\"\n".into(),
        payload: "{\"text\":\"ünï\\u0000code\",\"list\":[1,2.50,null]}".into(),
        trace_parent: None,
        correlation_id: "from-a.client:7".parse().unwrap(),
        ..event(2)
    };
    let unit = UnitOfWork::events(vec![event(1), strange, event(3)]);
    two.here.database.commit(&unit, |_conn| Ok(())).unwrap();
    drain(&two.relay(&two.publisher()));
    let logged = two.log().read_after(0, 10).unwrap();
    eventually("three events arrive", || feed.read_after(0, 10).unwrap().len() == 3);
    assert_eq!(feed.read_after(0, 10).unwrap(), logged);
    assert_eq!(feed.read_after(logged[0].seq, 1).unwrap(), [logged[1].clone()]);
}

#[test]
fn events_go_to_the_instance_that_reads_them() {
    let two = TwoProcesses::on_sqlite();
    let feeds = [
        two.feed(NEVER, Arc::new(OutOfReach)),
        two.feed(NEVER, Arc::new(OutOfReach)),
    ];
    let [first, second] = &feeds;
    second.want(false);
    let _subscribers = [
        two.subscribe(first),
        two.subscribe_at(&BrokerUrl::parse(&url()).unwrap(), second),
    ];
    two.append(1..=3);
    drain(&two.relay(&two.publisher()));
    let all_are_at = |feed: &AmqpFeed| feed.read_after(0, 10).is_ok_and(|events| events.len() == 3);
    eventually("they arrive at the first", || all_are_at(first));
    assert!(!second.is_connected());
    // Nothing was committed: what the first had goes back, and to the second.
    first.want(false);
    eventually("the first unsubscribes", || !first.is_connected());
    assert_eq!(first.unacknowledged(), 0);
    second.want(true);
    eventually("they arrive at the second", || all_are_at(second));
    assert!(!first.is_connected());
}

fn ten_thousand_events_take_effect_once_and_in_order(two: &TwoProcesses) {
    const EVENTS: u128 = 10_000;
    two.append(1..=EVENTS);
    let feed = two.feed(NEVER, two.log());
    let publisher = two.publisher();
    let subscriber = two.subscribe(&feed);
    let began = Instant::now();
    let relaying = start(vec![two.relay_job(&publisher)]);
    eventually("all are published", || {
        two.relay_positions().position(RELAY).unwrap() >= two.log().read_after(9_999, 1).unwrap()[0].seq
    });
    let relayed = began.elapsed();
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(10_000);
    let taken = began.elapsed();
    println!(
        "10,000 events: published in {relayed:?}, in effect after {taken:?}, {:?}",
        feed.deliveries()
    );
    two.assert_effects(1..=EVENTS);
    assert!(relayed < Duration::from_secs(30), "{relayed:?}");
    let ways = feed.deliveries();
    assert_eq!(ways.broker + ways.log, 10_000);
    assert!(ways.broker >= 9_000, "they came over the broker: {ways:?}");
    two.assert_all_acknowledged(&feed, &subscriber);
    assert!(workers.stop(STOPS_WITHIN) && relaying.stop(STOPS_WITHIN));
    assert!(publisher.stop(STOPS_WITHIN));
}

/// Positions of a process that dies behind the broker's confirmation, three times.
struct DiesBeforeMoving {
    positions: Arc<dyn ConsumerStore>,
    deaths: AtomicU32,
}

impl ConsumerStandings for DiesBeforeMoving {
    fn position(&self, consumer: &str) -> Result<i64, StorageError> {
        self.positions.position(consumer)
    }

    fn parked(&self, consumer: &str, limit: u32) -> Result<Vec<DeadLetter>, StorageError> {
        self.positions.parked(consumer, limit)
    }
}

impl ConsumerStore for DiesBeforeMoving {
    fn advance(&self, passage: &Passage) -> Result<(), StorageError> {
        if self.deaths.fetch_add(1, Ordering::SeqCst) < 3 {
            return Err(StorageError::Unavailable("the process dies here".into()));
        }
        self.positions.advance(passage)
    }

    fn parked_among(&self, consumer: &str, subjects: &[&str]) -> Result<BTreeSet<String>, StorageError> {
        self.positions.parked_among(consumer, subjects)
    }

    fn park(&self, letter: &DeadLetter, passage: &Passage) -> Result<(), StorageError> {
        self.positions.park(letter, passage)
    }

    fn park_behind(&self, letter: &DeadLetter, passage: &Passage) -> Result<bool, StorageError> {
        self.positions.park_behind(letter, passage)
    }
}

fn what_is_published_again_takes_effect_once(two: &TwoProcesses) {
    two.append(1..=150);
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    // Makes the queue, so that every copy is in it.
    assert!(two.subscribe(&feed).stop(STOPS_WITHIN));
    let relay = two.relay_with(
        &two.publisher(),
        Arc::new(DiesBeforeMoving {
            positions: two.relay_positions(),
            deaths: AtomicU32::new(0),
        }),
    );
    for _death in 0..3 {
        assert_eq!(relay.relay_batch(), Progress::Blocked);
    }
    two.append(151..=200);
    drain(&relay);
    eventually("every copy is there", || {
        two.broker.waiting(Some(CONSUMER)) == 3 * 150 + 200
    });
    let subscriber = two.subscribe(&feed);
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(200);
    two.assert_all_acknowledged(&feed, &subscriber);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=200);
}

fn what_was_before_the_queue_is_read_from_the_log(two: &TwoProcesses) {
    two.append(1..=250);
    let publisher = two.publisher();
    let relay = two.relay(&publisher);
    drain(&relay);
    let feed = two.feed(NEVER, two.log());
    let _subscriber = two.subscribe(&feed);
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(250);
    assert_eq!((feed.deliveries().broker, feed.deliveries().log), (0, 250));
    two.append(251..=300);
    drain(&relay);
    two.wait_for_effects(300);
    assert_eq!((feed.deliveries().broker, feed.deliveries().log), (50, 250));
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=300);
}

/// Empties the consumer's queue, as an operator might by mistake.
fn purge(two: &TwoProcesses) -> u32 {
    let queue = two.broker.names.queue(CONSUMER);
    on_a_channel(async |channel| {
        channel
            .queue_purge(queue.into(), lapin::options::QueuePurgeOptions::default())
            .await
            .unwrap()
    })
}

fn a_gap_in_the_queue_is_healed_from_the_log(two: &TwoProcesses) {
    let feed = two.feed(NEVER, two.log());
    let subscriber = two.subscribe(&feed);
    let relay = two.relay(&two.publisher());
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.append(1..=100);
    drain(&relay);
    two.wait_for_effects(100);
    assert!(subscriber.stop(STOPS_WITHIN) && workers.stop(STOPS_WITHIN));
    two.append(101..=200);
    drain(&relay);
    assert!(purge(two) >= 100);
    two.append(201..=300);
    drain(&relay);
    let _subscriber = two.subscribe(&feed);
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(300);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=300);
    let ways = feed.deliveries();
    assert!(ways.log >= 100 && ways.broker + ways.log == 300, "{ways:?}");
}

/// No later event shows that there was one: only the log does.
#[test]
fn what_is_lost_at_the_end_of_the_queue_is_found_in_the_log() {
    let two = TwoProcesses::on_sqlite();
    let feed = two.feed(Duration::from_millis(200), two.log());
    assert!(two.subscribe(&feed).stop(STOPS_WITHIN));
    two.append(1..=10);
    drain(&two.relay(&two.publisher()));
    eventually("the events are in the queue", || {
        two.broker.waiting(Some(CONSUMER)) == 10
    });
    assert_eq!(purge(&two), 10);
    let _subscriber = two.subscribe(&feed);
    // Reads once at the beginning; what follows is found without a message.
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(10);
    purge(&two);
    two.append(11..=20);
    two.wait_for_effects(20);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=20);
    assert_eq!(feed.deliveries().log, 20);
}

/// A consumer that stops behind delivery and before the commit gets the same messages again.
#[test]
fn nothing_is_acknowledged_before_it_is_committed() {
    let two = TwoProcesses::on_sqlite();
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let subscriber = two.subscribe(&feed);
    two.append(1..=30);
    drain(&two.relay(&two.publisher()));
    eventually("the events arrive", || feed.read_after(0, 100).unwrap().len() == 30);
    // Handed out twice, committed never.
    assert_eq!(feed.read_after(0, 100).unwrap().len(), 30);
    assert!(subscriber.stop(STOPS_WITHIN));
    eventually("they are back in the queue", || {
        two.broker.waiting(Some(CONSUMER)) == 30
    });
    let again = two.feed(NEVER, Arc::new(OutOfReach));
    let _subscriber = two.subscribe(&again);
    let workers = start(vec![two.reader_job(&again, &[])]);
    two.wait_for_effects(30);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=30);
}

#[test]
fn of_two_instances_one_consumes_and_the_other_takes_over() {
    let two = TwoProcesses::on_sqlite();
    let feeds = [0, 1].map(|_| two.feed(NEVER, Arc::new(OutOfReach)));
    let first = two.subscribe(&feeds[0]);
    let _second = two.subscribe(&feeds[1]);
    let relay = two.relay(&two.publisher());
    let workers = start(vec![two.reader_job(&feeds[0], &[])]);
    let standby = start(vec![two.reader_job(&feeds[1], &[])]);
    two.append(1..=100);
    drain(&relay);
    two.wait_for_effects(100);
    assert_eq!(feeds.each_ref().map(|feed| feed.deliveries().broker), [100, 0]);
    assert!(first.stop(STOPS_WITHIN) && workers.stop(STOPS_WITHIN));
    two.append(101..=200);
    drain(&relay);
    two.wait_for_effects(200);
    assert!(standby.stop(STOPS_WITHIN));
    two.assert_effects(1..=200);
    assert_eq!(feeds[1].deliveries().broker, 100);
}

on_both!(
    ten_thousand_events_take_effect_once_and_in_order,
    what_is_published_again_takes_effect_once,
    what_was_before_the_queue_is_read_from_the_log,
    a_gap_in_the_queue_is_healed_from_the_log,
);
