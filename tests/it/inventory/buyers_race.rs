//! Real threads at one level: no piece is promised twice, and nobody is told anything but how it is.

use std::sync::{Arc, Barrier};

use banyan::adapters::inventory::sql::MIGRATIONS;
use banyan::ports::inventory::operations::{DEFAULT_LOCATION, EndReservationError, ReserveStockError, StockChange};
use banyan::ports::shared::failure::Failure;

use super::shop::{Shop, assert_figures_agree};
use crate::support::databases;

const BUYERS: u128 = 64;

/// Each test of this file on the fake and on both databases.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {
        mod on_the_fake {
            $(#[test] fn $name() { super::$name(&super::Shop::new()); })+
        }
        mod on_sqlite {
            $(#[test] fn $name() {
                let home = super::databases::sqlite("inventory", super::MIGRATIONS);
                super::$name(&super::Shop::over(&home.database));
            })+
        }
        mod on_postgres {
            $(#[test] fn $name() {
                let home = super::databases::postgres("inventory", super::MIGRATIONS);
                super::$name(&super::Shop::over(&home.database));
            })+
        }
    };
}

on_every_store! {
    ten_of_sixty_four_buyers_get_the_last_ten_pieces,
    buyers_of_several_products_in_any_order_never_wait_for_each_other_in_a_circle,
    a_reservation_that_is_asked_for_eight_times_at_once_is_held_once,
    first_deliveries_at_the_same_instant_all_arrive,
    a_change_that_is_sent_eight_times_at_once_under_one_key_happens_once,
    a_commit_and_a_release_at_the_same_instant_end_a_reservation_once,
}

/// Lets so many threads do something at the same instant, and hands back what each was told.
fn at_once<T: Send>(threads: u128, work: impl Fn(u128) -> T + Sync) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(usize::try_from(threads).unwrap()));
    let start = |number| {
        barrier.wait();
        work(number)
    };
    std::thread::scope(|scope| {
        let start = &start;
        let running: Vec<_> = (1..=threads).map(|number| scope.spawn(move || start(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn ten_of_sixty_four_buyers_get_the_last_ten_pieces(shop: &Shop) {
    shop.receive(1, DEFAULT_LOCATION, 10);
    let answers = at_once(BUYERS, |number| shop.reserve(number, &[(1, 1)]));
    let held = answers.iter().filter(|answer| answer.is_ok()).count();
    for answer in &answers {
        if let Err(failure) = answer {
            let Failure::Domain(ReserveStockError::OutOfStock(shortages)) = failure else {
                panic!("{failure:?}")
            };
            assert_eq!((shortages[0].requested, shortages[0].available), (1, 0));
        }
    }
    assert_eq!((held, shop.figures()), (10, (10, 10)));
    assert_figures_agree(&shop.audit());
}

fn buyers_of_several_products_in_any_order_never_wait_for_each_other_in_a_circle(shop: &Shop) {
    for number in 1..=3 {
        shop.receive(number, DEFAULT_LOCATION, 10);
    }
    let orders = [
        [(1, 1), (2, 1), (3, 1)],
        [(3, 1), (2, 1), (1, 1)],
        [(2, 1), (3, 1), (1, 1)],
    ];
    let answers = at_once(BUYERS, |number| {
        let lines = &orders[usize::try_from(number % 3).unwrap()];
        let held = shop.reserve(number, lines);
        // Every second buyer thinks better of it, while others still ask.
        if held.is_ok() && number % 2 == 0 {
            shop.release(number).unwrap();
        }
        held
    });
    let unexpected = |answer: &&Result<(), Failure<ReserveStockError>>| {
        !matches!(answer, Ok(()) | Err(Failure::Domain(ReserveStockError::OutOfStock(_))))
    };
    assert_eq!(answers.iter().find(unexpected), None);
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() >= 10);
    assert_figures_agree(&shop.audit());
}

fn a_reservation_that_is_asked_for_eight_times_at_once_is_held_once(shop: &Shop) {
    shop.receive(1, DEFAULT_LOCATION, 2);
    let answers = at_once(8, |_number| shop.reserve(1, &[(1, 2)]));
    assert_eq!(answers, vec![Ok(()); 8]);
    assert_eq!(shop.figures(), (2, 2));
}

fn first_deliveries_at_the_same_instant_all_arrive(shop: &Shop) {
    let answers = at_once(8, |number| {
        shop.change(&number.to_string(), 1, DEFAULT_LOCATION, StockChange::Receive(3))
            .map(drop)
    });
    assert_eq!(answers, vec![Ok(()); 8]);
    assert_eq!(shop.figures(), (24, 0));
    assert_figures_agree(&shop.audit());
}

fn a_change_that_is_sent_eight_times_at_once_under_one_key_happens_once(shop: &Shop) {
    shop.receive(1, DEFAULT_LOCATION, 1);
    let answers = at_once(8, |_number| {
        shop.change("one", 1, DEFAULT_LOCATION, StockChange::Receive(3))
            .unwrap()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(shop.figures(), (4, 0));
}

fn a_commit_and_a_release_at_the_same_instant_end_a_reservation_once(shop: &Shop) {
    shop.receive(1, DEFAULT_LOCATION, 16);
    for number in 1..=8 {
        shop.reserve(number, &[(1, 2)]).unwrap();
    }
    // Threads 1 to 8 commit, 9 to 16 release the same reservations.
    let answers = at_once(16, |number| {
        if number <= 8 {
            shop.commit(number)
        } else {
            shop.release(number - 8)
        }
    });
    let otherwise = Err(Failure::Domain(EndReservationError::EndedOtherwise));
    let mut committed = 0;
    for number in 0..8 {
        let (commit, release) = (&answers[number], &answers[number + 8]);
        assert!(
            (*commit == Ok(()) && *release == otherwise) || (*commit == otherwise && *release == Ok(())),
            "{commit:?} {release:?}"
        );
        committed += i64::from(commit.is_ok());
    }
    assert_eq!(shop.figures(), (16 - 2 * committed, 0));
    assert_figures_agree(&shop.audit());
}
