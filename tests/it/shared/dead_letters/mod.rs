//! What a consumer could not digest is replayed once and in its order, or given up.

mod effects;
mod races;

use std::sync::Arc;

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::app::shared::event_reader::MAX_ATTEMPTS;
use banyan::ports::orders::operations::{DiscardDeadLetter, GetDeadLetter, ListDeadLetters, ReplayDeadLetter};
use banyan::ports::shared::access::Access;
use banyan::ports::shared::dead_letters::{
    DiscardDeadLetterError, GetDeadLetterError, ListDeadLettersError, ReplayDeadLetterError,
};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Operation;

use self::effects::{
    CONSUMER, NOT_FOUND, Trouble, append, discard, drain, effects, effects_of, get, gone, id, ids, letters, letters_of,
    list, reader, replay,
};
use super::event_log::event;
use crate::support::databases::{TestDatabase, postgres, sqlite};
use crate::support::fixed::FixedClock;

fn a_lane_is_replayed_in_its_order_each_letter_once(home: &TestDatabase) {
    append(home, (1..=24).map(event).collect());
    let consumer = effects_of(home, [3], &[]);
    let reader = reader(home, &consumer);
    drain(&reader);
    let letters = letters_of(home, &consumer);
    assert_eq!(ids(&letters), [id(3), id(11), id(19)]);
    consumer.heal();
    let not_first = || Err(Failure::Domain(ReplayDeadLetterError::NotFirst { first: id(3) }));
    assert_eq!(replay(&letters, &id(11)), not_first());
    assert_eq!(replay(&letters, &id(19)), not_first());
    assert_eq!(replay(&letters, &id(3)), Ok(gone(3, Some(11))));
    assert_eq!(replay(&letters, &id(3)), Err(NOT_FOUND), "a second time");
    // What comes meanwhile waits behind what is left.
    append(home, vec![event(27)]);
    drain(&reader);
    assert_eq!(replay(&letters, &id(11)), Ok(gone(11, Some(19))));
    assert_eq!(replay(&letters, &id(19)), Ok(gone(19, Some(27))));
    assert_eq!(replay(&letters, &id(27)), Ok(gone(27, None)));
    // The lane is free again.
    append(home, vec![event(35)]);
    drain(&reader);
    assert_eq!(ids(&letters), []);
    let lane: Vec<u128> = effects(home).into_iter().filter(|number| number % 8 == 3).collect();
    assert_eq!(lane, [3, 11, 19, 27, 35]);
    assert_eq!(effects(home).len(), 26, "all others once");
}

fn what_is_refused_again_stays_and_tells_why(home: &TestDatabase) {
    append(home, vec![event(3)]);
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    let clock = Arc::new(FixedClock::new());
    let letters = letters(home, vec![consumer.clone()], &clock);
    clock.advance_ms(90_000);
    let reason = "3 is poison".to_owned();
    let refused = Failure::Domain(ReplayDeadLetterError::Refused { reason: reason.clone() });
    assert_eq!(replay(&letters, &id(3)), Err(refused));
    let parked = get(&letters, &id(3)).unwrap();
    assert_eq!(
        (parked.letter.attempts, parked.letter.reason),
        (MAX_ATTEMPTS + 1, reason)
    );
    assert_eq!((parked.letter.event.event, parked.age_ms), (event(3), 90_000));
    assert_eq!(effects(home), []);
}

fn what_breaks_in_the_middle_leaves_neither_an_effect_nor_a_gap(home: &TestDatabase) {
    append(home, vec![event(3)]);
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    consumer.heal();
    let letters = letters_of(home, &consumer);
    for trouble in [Trouble::ConnectionLost, Trouble::LastStatement] {
        *consumer.trouble.lock().unwrap() = trouble;
        let answer = replay(&letters, &id(3));
        let expected = match trouble {
            Trouble::ConnectionLost => matches!(answer, Err(Failure::Domain(ReplayDeadLetterError::NotNow { .. }))),
            _ => matches!(answer, Err(Failure::Domain(ReplayDeadLetterError::Refused { .. }))),
        };
        assert!(expected, "{answer:?}");
        assert_eq!((effects(home), ids(&letters)), (vec![], vec![id(3)]));
    }
    *consumer.trouble.lock().unwrap() = Trouble::None;
    assert_eq!(replay(&letters, &id(3)), Ok(gone(3, None)));
    assert_eq!((effects(home), ids(&letters)), (vec![3], vec![]));
}

fn an_event_without_an_effect_ends_its_letter(home: &TestDatabase) {
    append(home, vec![event(3)]);
    let consumer = effects_of(home, [3], &[3]);
    drain(&reader(home, &consumer));
    consumer.heal();
    let letters = letters_of(home, &consumer);
    assert_eq!(replay(&letters, &id(3)), Ok(gone(3, None)));
    assert_eq!(replay(&letters, &id(3)), Err(NOT_FOUND));
    assert_eq!(effects(home), []);
}

fn what_is_discarded_never_takes_effect_and_what_waits_behind_it_can(home: &TestDatabase) {
    append(home, (1..=16).map(event).collect());
    let consumer = effects_of(home, [3], &[]);
    drain(&reader(home, &consumer));
    let letters = letters_of(home, &consumer);
    for reason in ["", "  ", "x".repeat(201).as_str()] {
        let refused = discard(&letters, &id(3), reason);
        assert_eq!(refused, Err(Failure::Domain(DiscardDeadLetterError::InvalidReason)));
    }
    assert_eq!(discard(&letters, &id(3), "a test"), Ok(gone(3, Some(11))));
    let not_found = Err(Failure::Domain(DiscardDeadLetterError::NotFound));
    assert_eq!(discard(&letters, &id(3), "a test"), not_found, "a second time");
    assert_eq!(
        get(&letters, &id(3)),
        Err(Failure::Domain(GetDeadLetterError::NotFound))
    );
    assert_eq!(replay(&letters, &id(11)), Ok(gone(11, None)));
    let lane: Vec<u128> = effects(home).into_iter().filter(|number| number % 8 == 3).collect();
    assert_eq!(lane, [11]);
}

fn a_letter_that_nobody_takes_in_any_more_can_be_seen_and_discarded(home: &TestDatabase) {
    append(home, vec![event(3)]);
    drain(&reader(home, &effects_of(home, [3], &[])));
    let letters = letters(home, Vec::new(), &Arc::new(FixedClock::new()));
    assert_eq!(ids(&letters), [id(3)]);
    assert_eq!(
        replay(&letters, &id(3)),
        Err(Failure::Domain(ReplayDeadLetterError::NoConsumer))
    );
    assert_eq!(discard(&letters, &id(3), "its consumer is gone"), Ok(gone(3, None)));
}

fn a_list_is_read_page_by_page(home: &TestDatabase) {
    append(home, (1..=5).map(event).collect());
    let consumer = effects_of(home, 1..=5, &[]);
    drain(&reader(home, &consumer));
    let letters = letters_of(home, &consumer);
    let (mut seen, mut after) = (Vec::new(), None);
    for _page in 0..3 {
        let page = list(&letters, Some(CONSUMER), 2, after).unwrap();
        seen.extend(page.items.into_iter().map(|parked| parked.id));
        after = page.next;
    }
    assert_eq!((seen, after), ((1..=5).map(id).collect(), None));
    assert_eq!(list(&letters, Some("orders.on_else"), 2, None).unwrap().items, []);
    assert_eq!(list(&letters, Some("orders"), 9, None).unwrap().items.len(), 5);
    let odd = list(&letters, None, 2, Some("nonsense".to_owned()));
    assert_eq!(odd, Err(Failure::Domain(ListDeadLettersError::InvalidCursor)));
}

#[test]
fn the_four_operations_are_for_staff() {
    for access in [
        ListDeadLetters::ACCESS,
        GetDeadLetter::ACCESS,
        ReplayDeadLetter::ACCESS,
        DiscardDeadLetter::ACCESS,
    ] {
        assert_eq!(access, Access::Staff);
    }
    assert_eq!(ReplayDeadLetter::NAME, "orders.replay_dead_letter");
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $(#[test] fn $name() { super::$name(&super::sqlite("orders", super::MIGRATIONS)); })+ }
        mod on_postgres { $(#[test] fn $name() { super::$name(&super::postgres("orders", super::MIGRATIONS)); })+ }
    };
}

on_both!(
    a_lane_is_replayed_in_its_order_each_letter_once,
    what_is_refused_again_stays_and_tells_why,
    what_breaks_in_the_middle_leaves_neither_an_effect_nor_a_gap,
    an_event_without_an_effect_ends_its_letter,
    what_is_discarded_never_takes_effect_and_what_waits_behind_it_can,
    a_letter_that_nobody_takes_in_any_more_can_be_seen_and_discarded,
    a_list_is_read_page_by_page,
);
