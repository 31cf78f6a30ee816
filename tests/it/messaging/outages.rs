//! A broker that is away, hangs or drops its connections delays events and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use banyan::app::shared::event_reader::Progress;
use banyan::ports::shared::event_publisher::{EventPublisher, PublishError};
use lapin::options::QueueDeleteOptions;

use super::two_processes::{
    CONSUMER, CONTEXT, NEVER, OutOfReach, RELAY, STOPS_WITHIN, TwoProcesses, drain, eventually, on_both, start,
};
use crate::support::broker::{Line, Weather, on_a_channel};

/// Each side has a line of its own, and both are cut again and again while events are written.
fn connections_cut_under_load_lose_double_and_disorder_nothing(two: &TwoProcesses) {
    const ROUNDS: u128 = 10;
    const EACH: u128 = 200;
    let lines = [Line::to_the_broker(Weather::Fair), Line::to_the_broker(Weather::Fair)];
    // Without the log: what takes effect came over the broker.
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let publisher = two.publisher_at(&lines[0].url());
    let _subscriber = two.subscribe_at(&lines[1].url(), &feed);
    eventually("both sides are connected", || {
        publisher.is_connected() && feed.is_connected()
    });
    let workers = start(vec![two.relay_job(&publisher), two.reader_job(&feed, &[])]);
    for round in 0..ROUNDS {
        for part in 0..4 {
            let first = round * EACH + part * (EACH / 4) + 1;
            two.append(first..=first + EACH / 4 - 1);
            std::thread::sleep(Duration::from_millis(20));
            if part == 2 {
                lines.iter().for_each(Line::cut);
            }
        }
    }
    let events = ROUNDS * EACH;
    two.wait_for_effects(usize::try_from(events).unwrap());
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=events);
    assert_eq!(u128::from(feed.deliveries().broker), events);
}

fn a_broker_that_is_away_holds_up_only_its_relay(two: &TwoProcesses) {
    let line = Line::to_the_broker(Weather::Away);
    let feed = two.feed(NEVER, two.log());
    let publisher = two.publisher_at(&line.url());
    let _subscriber = two.subscribe_at(&line.url(), &feed);
    let relay = two.relay(&publisher);
    let workers = start(vec![two.reader_job(&feed, &[])]);
    let mut slowest = Duration::ZERO;
    for number in 1..=50 {
        let began = Instant::now();
        two.append(number..=number);
        slowest = slowest.max(began.elapsed());
    }
    // A commit touches no broker; how long it takes is the disk's affair.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert_eq!(relay.relay_batch(), Progress::Blocked);
    assert_eq!(two.relay_positions().position(RELAY).unwrap(), 0, "the position stays");
    two.wait_for_effects(50);
    assert_eq!(
        (feed.deliveries().broker, feed.deliveries().log),
        (0, 50),
        "the log is read meanwhile"
    );
    assert!(workers.stop(STOPS_WITHIN));

    line.becomes(Weather::Fair);
    let back = Instant::now();
    eventually("both sides connect", || publisher.is_connected() && feed.is_connected());
    let connected = back.elapsed();
    let workers = start(vec![two.relay_job(&publisher), two.reader_job(&feed, &[])]);
    eventually("the backlog is published", || {
        two.relay_positions().position(RELAY).unwrap() > 0
    });
    two.append(51..=51);
    two.wait_for_effects(51);
    println!(
        "broker back: both sides connected after {connected:?}, first event in effect after {:?}",
        back.elapsed()
    );
    assert!(connected < Duration::from_secs(10), "{connected:?}");
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=51);
}

/// Whoever publishes is let go, a half-open connection is given up, and all goes on when the broker does.
fn a_broker_that_hangs_is_given_up_and_found_again(two: &TwoProcesses) {
    let line = Line::to_the_broker(Weather::Fair);
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let publisher = two.publisher_at(&line.url());
    let _subscriber = two.subscribe_at(&line.url(), &feed);
    eventually("both sides are connected", || {
        publisher.is_connected() && feed.is_connected()
    });
    two.append(1..=20);
    line.becomes(Weather::Frozen);
    let began = Instant::now();
    let events = two.log().read_after(0, 100).unwrap();
    let refused = publisher.publish(CONTEXT, 0, &events).unwrap_err();
    assert!(
        matches!(refused, PublishError::Unconfirmed | PublishError::Away),
        "{refused}"
    );
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    eventually("the silence is noticed on both sides", || {
        !publisher.is_connected() && !feed.is_connected()
    });
    println!("a broker that hangs is given up after {:?}", began.elapsed());
    line.becomes(Weather::Fair);
    let back = Instant::now();
    let workers = start(vec![two.relay_job(&publisher), two.reader_job(&feed, &[])]);
    two.wait_for_effects(20);
    println!("the broker goes on: events in effect after {:?}", back.elapsed());
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=20);
}

#[test]
fn both_sides_stop_at_once_whatever_the_broker_does() {
    for weather in [Weather::Fair, Weather::Away, Weather::Frozen] {
        let two = TwoProcesses::on_sqlite();
        let line = Line::to_the_broker(weather);
        let feed = two.feed(NEVER, two.log());
        let publisher = two.publisher_at(&line.url());
        let subscriber = two.subscribe_at(&line.url(), &feed);
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        assert!(publisher.stop(STOPS_WITHIN), "{weather:?}");
        assert!(subscriber.stop(STOPS_WITHIN), "{weather:?}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{weather:?}: {:?}",
            began.elapsed()
        );
        let refused = publisher.publish(CONTEXT, 0, &[]).unwrap_err();
        assert!(matches!(refused, PublishError::Away), "{refused}");
        assert!(!feed.is_connected());
    }
}

/// By an operator, or by the broker because nobody had consumed from it for long.
#[test]
fn a_queue_that_is_deleted_is_made_again() {
    let two = TwoProcesses::on_sqlite();
    let feed = two.feed(NEVER, two.log());
    let _subscriber = two.subscribe(&feed);
    let relay = two.relay(&two.publisher());
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.append(1..=10);
    drain(&relay);
    two.wait_for_effects(10);
    let queue = two.broker.names.queue(CONSUMER);
    on_a_channel(async |channel| {
        channel
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await
            .unwrap()
    });
    eventually("the end of the queue is noticed", || !feed.is_connected());
    two.append(11..=20);
    drain(&relay);
    eventually("there is a queue again", || feed.is_connected());
    two.wait_for_effects(20);
    let before = feed.deliveries().broker;
    two.append(21..=30);
    drain(&relay);
    two.wait_for_effects(30);
    assert_eq!(feed.deliveries().broker, before + 10);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=30);
}

/// The other process is away, the broker is not: what it holds takes effect nevertheless.
#[test]
fn a_process_that_is_away_is_heard_through_the_broker() {
    let two = TwoProcesses::on_sqlite();
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    assert!(two.subscribe(&feed).stop(STOPS_WITHIN));
    two.append(1..=1_200);
    let publisher = two.publisher();
    drain(&two.relay(&publisher));
    assert!(publisher.stop(STOPS_WITHIN));
    let _subscriber = two.subscribe(&feed);
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.wait_for_effects(1_200);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=1_200);
}

on_both!(
    connections_cut_under_load_lose_double_and_disorder_nothing,
    a_broker_that_is_away_holds_up_only_its_relay,
    a_broker_that_hangs_is_given_up_and_found_again,
);
