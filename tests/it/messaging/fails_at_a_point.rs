//! The relay and the reader fail at each point in each way: what was committed takes effect all the same, once and in
//! order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use banyan::app::shared::event_reader::Progress;
use banyan::ports::shared::events::{ConsumerStandings, EventRecord};
use banyan::ports::shared::storage::UnitOfWork;

use super::two_processes::{CONSUMER, NEVER, OutOfReach, RELAY, TwoProcesses, drain, eventually, on_both};
use crate::shared::event_log::event;
use crate::support::failpoints::Trial;

/// What happens at a point, once.
const FAULTS: [&str; 3] = ["1*return(away)", "1*return(unknown)", "1*panic"];
/// Events that are at stake each time.
const EVENTS: u128 = 3;

fn points() -> Vec<String> {
    let of_the_relay = ["publish", "position"].map(|what| format!("relay.{RELAY}.{what}"));
    let of_the_reader = ["together", "consume", "position"].map(|what| format!("event_reader.{CONSUMER}.{what}"));
    let all = of_the_relay.into_iter().chain(of_the_reader);
    all.flat_map(|point| ["before", "after"].map(|end| format!("{point}.{end}")))
        .collect()
}

fn every_event_takes_effect_once_whatever_fails_at_any_point(two: &TwoProcesses) {
    let trial = Trial::begin();
    let feed = two.feed(NEVER, Arc::new(OutOfReach));
    let publisher = two.publisher();
    let subscriber = two.subscribe(&feed);
    let mut number = 0;
    for point in points() {
        for fault in FAULTS {
            let cell = format!("{fault} at {point}");
            two.append(number + 1..=number + EVENTS);
            number += EVENTS;
            // One that nobody waits for, so that the reader has to move on without an effect.
            let passing_by = EventRecord {
                event_type: "test.passed_by".into(),
                ..event(1_000_000 + number)
            };
            let unit = UnitOfWork::events(vec![passing_by]);
            two.here.database.commit(&unit, |_conn| Ok(())).unwrap();
            let end = two.log().read_after(0, 10_000).unwrap().last().unwrap().seq;

            trial.trace();
            trial.arm(&point, fault);
            // A thread that panics is followed by another, which knows what the database and the broker know.
            let survived = |act: &dyn Fn()| catch_unwind(AssertUnwindSafe(act)).is_ok();
            while !survived(&|| drain(&two.relay(&publisher))) {}
            let reader = two.reader(&feed, &[]);
            eventually(&cell, || {
                let is_idle = survived(&|| while !matches!(reader.read_batch(), Progress::Idle) {});
                std::thread::sleep(Duration::from_millis(2));
                is_idle && position(two) == end
            });
            trial.disarm(&point);
            let struck = trial.trace().into_iter().filter(|reached| reached.struck).count();
            assert_eq!(struck, 1, "{cell}: it struck");
            two.assert_effects(1..=number);
        }
    }
    two.assert_all_acknowledged(&feed, &subscriber);
}

fn position(two: &TwoProcesses) -> i64 {
    two.positions().position(CONSUMER).unwrap()
}

on_both!(every_event_takes_effect_once_whatever_fails_at_any_point);
