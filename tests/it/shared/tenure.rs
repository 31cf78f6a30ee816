//! Of several processes one takes the turns, and the next takes over.

use std::sync::{Arc, Mutex};

use banyan::app::shared::tenure::Tenure;
use banyan::ports::shared::clock::Clock;

use crate::fakes::leases::FakeLeaseStore;
use crate::support::fixed::FixedClock;

const NAME: &str = "orders.resume_sagas";
const LEASE_MS: i64 = 10_000;

fn tenure(owner: &str, leases: &Arc<FakeLeaseStore>, clock: &Arc<FixedClock>) -> Tenure {
    Tenure::new(NAME, owner.into(), LEASE_MS, leases.clone(), clock.clone())
}

fn at_work(tenure: &mut Tenure) -> bool {
    tenure.turn(|| ()).is_some()
}

fn leases_and_clock() -> (Arc<FakeLeaseStore>, Arc<FixedClock>) {
    (Arc::new(FakeLeaseStore::new()), Arc::new(FixedClock::new()))
}

#[test]
fn one_of_two_takes_the_turns() {
    let (leases, clock) = leases_and_clock();
    let (mut first, mut second) = (tenure("first", &leases, &clock), tenure("second", &leases, &clock));
    for _second in 0..60 {
        assert!(at_work(&mut first));
        assert!(!at_work(&mut second));
        clock.advance_ms(1_000);
    }
}

#[test]
fn a_busy_worker_writes_its_lease_seldom() {
    let (leases, clock) = leases_and_clock();
    let mut busy = tenure("busy", &leases, &clock);
    for _turn in 0..10_000 {
        assert!(at_work(&mut busy));
        clock.advance_ms(1);
    }
    assert_eq!(leases.asked(), 2, "at the start, and when half of it was gone");
}

#[test]
fn the_next_takes_over_when_the_lease_of_a_dead_one_has_run_out() {
    let (leases, clock) = leases_and_clock();
    let (mut dead, mut next) = (tenure("dead", &leases, &clock), tenure("next", &leases, &clock));
    assert!(at_work(&mut dead));
    clock.advance_ms(LEASE_MS - 1);
    assert!(!at_work(&mut next));
    clock.advance_ms(1);
    assert!(at_work(&mut next));
    assert!(!at_work(&mut dead), "who was only asleep finds itself replaced");
}

#[test]
fn a_lease_that_is_given_back_can_be_had_at_once() {
    let (leases, clock) = leases_and_clock();
    let (mut first, mut second) = (tenure("first", &leases, &clock), tenure("second", &leases, &clock));
    assert!(at_work(&mut first));
    assert!(!at_work(&mut second));
    drop(first);
    assert!(at_work(&mut second));
    let third = tenure("third", &leases, &clock);
    drop(third);
    assert!(
        leases.lease(NAME).is_some_and(|lease| lease.owner == "second"),
        "who had none gives none back"
    );
}

#[test]
fn nobody_works_who_cannot_ask() {
    let (leases, clock) = leases_and_clock();
    let mut worker = tenure("worker", &leases, &clock);
    leases.be_away(true);
    assert!(!at_work(&mut worker));
    leases.be_away(false);
    assert!(at_work(&mut worker));
    leases.be_away(true);
    assert!(at_work(&mut worker), "what it has it has");
    clock.advance_ms(LEASE_MS / 2);
    assert!(!at_work(&mut worker), "when half of it is gone, it asks");
    leases.be_away(false);
    assert!(at_work(&mut worker));
}

#[test]
fn it_tells_where_the_work_is() {
    let (leases, clock) = leases_and_clock();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let mut worker = tenure("worker", &leases, &clock).telling(Box::new(move |here| tell.lock().unwrap().push(here)));
    assert!(at_work(&mut worker) && at_work(&mut worker));
    clock.advance_ms(LEASE_MS);
    let mut other = tenure("other", &leases, &clock);
    assert!(at_work(&mut other));
    assert!(!at_work(&mut worker) && !at_work(&mut worker));
    assert_eq!(*told.lock().unwrap(), [true, false]);
}

/// The clocks of both jump when the holder's lease is half gone. Returns for how many milliseconds both work then.
fn both_at_work_after(holder_jumps_ms: i64, other_jumps_ms: i64) -> i64 {
    const STEP_MS: i64 = 100;
    let leases = Arc::new(FakeLeaseStore::new());
    let (holders, others) = (Arc::new(FixedClock::new()), Arc::new(FixedClock::new()));
    let (mut holder, mut other) = (tenure("holder", &leases, &holders), tenure("other", &leases, &others));
    assert!(at_work(&mut holder));
    for clock in [&holders, &others] {
        clock.advance_ms(LEASE_MS / 2 - 1);
    }
    holders.advance_ms(holder_jumps_ms);
    others.advance_ms(other_jumps_ms);
    let mut both_ms = 0;
    for _step in 0..(10 * LEASE_MS / STEP_MS) {
        // Both get their turn, whatever the other does.
        let at_work = [&mut other, &mut holder].map(at_work);
        if at_work == [true, true] {
            both_ms += STEP_MS;
        }
        holders.advance_ms(STEP_MS);
        others.advance_ms(STEP_MS);
    }
    both_ms
}

#[test]
fn a_clock_that_jumps_has_two_work_for_half_a_lease_at_most() {
    // Jumps of less than a lease: after that, clocks disagree, and leases are no use to anybody.
    for jump_ms in [-9_000, -6_000, -4_000, -1_000, 1_000, 4_000, 6_000, 9_000] {
        for both_ms in [both_at_work_after(jump_ms, 0), both_at_work_after(0, jump_ms)] {
            assert!(both_ms <= LEASE_MS / 2, "{both_ms} ms after a jump of {jump_ms} ms");
        }
    }
}

#[test]
fn a_dead_one_whose_clock_was_a_year_ahead_holds_up_nobody() {
    let (leases, clock) = leases_and_clock();
    let ahead = Arc::new(FixedClock::new());
    ahead.advance_ms(365 * 86_400_000);
    let mut dead = tenure("dead", &leases, &ahead);
    assert!(at_work(&mut dead));
    let mut next = tenure("next", &leases, &clock);
    assert!(at_work(&mut next));
}

#[test]
fn a_turn_begins_with_half_of_its_lease_left_at_least() {
    let (leases, clock) = leases_and_clock();
    let mut worker = tenure("worker", &leases, &clock);
    let left_ms = || leases.lease(NAME).unwrap().until.ms_since(clock.now());
    for turn in 0..1_000 {
        let left_ms = worker.turn(left_ms).expect("it is at work");
        assert!(left_ms >= LEASE_MS / 2, "{left_ms} ms in turn {turn}");
        clock.advance_ms(37);
    }
}
