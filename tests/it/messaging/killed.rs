//! A broker of the test's own: killed, it keeps what it has confirmed; short of memory, it is waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::two_processes::{NEVER, OutOfReach, STOPS_WITHIN, TwoProcesses, eventually, start};
use crate::support::broker::PrivateBroker;

#[test]
fn a_broker_that_is_killed_or_short_of_memory_loses_nothing() {
    let node = PrivateBroker::start();
    let two = TwoProcesses::on_sqlite();
    // Without the log: what the broker loses never takes effect.
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let publisher = two.publisher_at(&node.url);
    let subscriber = two.subscribe_at(&node.url, &feed);
    eventually("both sides are connected", || {
        publisher.is_connected() && feed.is_connected()
    });
    let relaying = start(vec![two.relay_job(&publisher)]);
    // Confirmed and neither delivered to a reader nor acknowledged.
    two.append(1..=600);
    eventually("the queue has more than it may deliver", || {
        feed.unacknowledged() >= 500
    });
    // RabbitMQ 3.10 registers a new queue on disk half a second late; until then a kill loses the queue itself.
    std::thread::sleep(Duration::from_secs(2));
    node.kill();
    two.append(601..=1_000);
    eventually("both sides notice", || {
        !publisher.is_connected() && !feed.is_connected()
    });
    node.start_again();
    let back = Instant::now();
    let reading = start(vec![two.reader_job(&feed, &[])]);
    eventually("both sides are connected again", || {
        publisher.is_connected() && feed.is_connected()
    });
    let connected = back.elapsed();
    two.wait_for_effects(1_000);
    println!(
        "broker killed and back: connected after {connected:?}, 1,000 events in effect after {:?}",
        back.elapsed()
    );
    two.assert_effects(1..=1_000);
    eventually("all is acknowledged", || feed.unacknowledged() == 0);

    // Whoever publishes is not read any more, and whoever consumes is.
    node.ctl(&["set_vm_memory_high_watermark", "absolute", "1MB"]);
    two.append(1_001..=1_200);
    std::thread::sleep(Duration::from_secs(3));
    assert!(feed.is_connected());
    assert_eq!(two.effects().len(), 1_000, "the broker takes nothing in");
    node.ctl(&["set_vm_memory_high_watermark", "0.4"]);
    let relieved = Instant::now();
    two.wait_for_effects(1_200);
    println!(
        "broker short of memory and relieved: backlog in effect after {:?}",
        relieved.elapsed()
    );
    two.assert_effects(1..=1_200);
    assert!(subscriber.stop(STOPS_WITHIN));
    assert!(reading.stop(STOPS_WITHIN) && relaying.stop(STOPS_WITHIN) && publisher.stop(STOPS_WITHIN));
}
