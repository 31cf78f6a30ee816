//! A message that is none of our events, and an event that the consumer cannot digest: neither stops the rest.

use std::sync::Arc;

use banyan::app::shared::event_reader::MAX_ATTEMPTS;
use banyan::ports::shared::events::ConsumerStandings;
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};

use super::two_processes::{
    CONSUMER, NEVER, OutOfReach, STOPS_WITHIN, TwoProcesses, drain, eventually, on_both, start,
};
use crate::shared::event_log::event;
use crate::support::broker::on_a_channel;

fn a_malformed_message_goes_to_the_dead_letters_and_stops_nothing(two: &TwoProcesses) {
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let _subscriber = two.subscribe(&feed);
    let relay = two.relay(&two.publisher());
    let workers = start(vec![two.reader_job(&feed, &[])]);
    two.append(1..=10);
    drain(&relay);
    let exchange = two.broker.names.events();
    on_a_channel(async |channel| {
        // Without a confirmation the end of the connection would overtake the messages.
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        for body in ["not an event", "{}"] {
            let properties = BasicProperties::default().with_content_type("application/json".into());
            let options = BasicPublishOptions::default();
            channel
                .basic_publish(
                    exchange.as_str().into(),
                    "inventory.test.happened".into(),
                    options,
                    body.as_bytes(),
                    properties,
                )
                .await
                .unwrap()
                .await
                .unwrap();
        }
    });
    two.append(11..=20);
    drain(&relay);
    two.wait_for_effects(20);
    eventually("they are among the dead letters", || two.broker.waiting(None) == 2);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects(1..=20);
    assert_eq!(feed.deliveries().malformed, 2);
    let dead = two.broker.names.dead();
    let letter = on_a_channel(async |channel| {
        let options = BasicGetOptions { no_ack: true };
        channel.basic_get(dead.into(), options).await.unwrap().unwrap().delivery
    });
    assert_eq!(letter.data, b"not an event");
    assert!(letter.properties.headers().as_ref().unwrap().contains_key("x-death"));
}

/// As in one process: `tests/it/shared/event_reader.rs`.
fn poison_parks_its_lane_and_nothing_else(two: &TwoProcesses) {
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let subscriber = two.subscribe(&feed);
    let workers = start(vec![two.reader_job(&feed, &[3])]);
    two.append(1..=24);
    drain(&two.relay(&two.publisher()));
    // Of the eight subjects, that of 3, 11 and 19.
    two.wait_for_effects(21);
    two.assert_all_acknowledged(&feed, &subscriber);
    assert!(workers.stop(STOPS_WITHIN));
    two.assert_effects((1..=24).filter(|number| ![3, 11, 19].contains(number)));
    let parked = two.positions().parked(CONSUMER, 10).unwrap();
    let parked: Vec<_> = parked
        .iter()
        .map(|letter| (letter.event.event.clone(), letter.attempts))
        .collect();
    assert_eq!(parked, [(event(3), MAX_ATTEMPTS), (event(11), 0), (event(19), 0)]);
    assert_eq!(
        two.broker.waiting(None),
        0,
        "poison is the consumer's affair, not the broker's"
    );
}

on_both!(
    a_malformed_message_goes_to_the_dead_letters_and_stops_nothing,
    poison_parks_its_lane_and_nothing_else,
);
