//! Whatever is asked in whatever order: on hand is the sum of the ledger, reserved the sum of the active reservations,
//! and available never negative; and the fake and both databases give the same answers to the same calls.

use banyan::adapters::inventory::sql::MIGRATIONS;
use banyan::ports::inventory::operations::StockChange;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::shop::{HOLD_MS, Shop, assert_figures_agree};
use crate::support::databases::{self, TestDatabase};

#[derive(Debug, Clone)]
enum Call {
    Change {
        product: u128,
        place: usize,
        change: StockChange,
    },
    Reserve {
        number: u128,
        lines: Vec<(u128, i64)>,
    },
    Commit(u128),
    Release(u128),
    Return(u128),
    Expire,
    Wait,
}

const PLACES: [&str; 2] = ["main", "berlin"];

fn call() -> impl Strategy<Value = Call> {
    let change = prop_oneof![
        (-1..20_i64).prop_map(StockChange::Receive),
        (-12..12_i64).prop_map(StockChange::Adjust),
        (-1..20_i64).prop_map(StockChange::Recount),
    ];
    let number = 1..6_u128;
    prop_oneof![
        3 => (1..4_u128, 0..2_usize, change)
            .prop_map(|(product, place, change)| Call::Change { product, place, change }),
        4 => (number.clone(), prop::collection::vec((1..4_u128, 1..9_i64), 1..4))
            .prop_map(|(number, lines)| Call::Reserve { number, lines }),
        2 => number.clone().prop_map(Call::Commit),
        2 => number.clone().prop_map(Call::Release),
        1 => number.prop_map(Call::Return),
        1 => Just(Call::Expire),
        1 => Just(Call::Wait),
    ]
}

/// What a shop answers, in words that can be compared.
fn answer(shop: &Shop, step: usize, call: &Call) -> String {
    match call {
        Call::Change { product, place, change } => {
            // Two steps to a key: some changes are sent twice, some keys are used for something else.
            let key = format!("key-{}", step / 2);
            format!("{:?}", shop.change(&key, *product, PLACES[*place], *change))
        }
        Call::Reserve { number, lines } => format!("{:?}", shop.reserve(*number, lines)),
        Call::Commit(number) => format!("{:?}", shop.commit(*number)),
        Call::Release(number) => format!("{:?}", shop.release(*number)),
        Call::Return(number) => format!("{:?}", shop.take_back(*number)),
        Call::Expire => format!("{:?}", shop.expire(2)),
        Call::Wait => {
            shop.clock.advance_ms(HOLD_MS / 2);
            String::new()
        }
    }
}

fn figures_agree_on_the_fake_and_on(database: impl Fn() -> TestDatabase, cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(call(), 1..40), |calls| {
        let home = database();
        let (over_fake, over_database) = (Shop::new(), Shop::over(&home.database));
        for (step, call) in calls.iter().enumerate() {
            let expected = answer(&over_fake, step, call);
            prop_assert_eq!(answer(&over_database, step, call), expected, "step {} {:?}", step, call);
            let audit = over_fake.audit();
            assert_figures_agree(&audit);
            prop_assert_eq!(over_database.audit(), audit, "step {} {:?}", step, call);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn figures_agree_on_the_fake_and_on_sqlite() {
    figures_agree_on_the_fake_and_on(|| databases::sqlite("inventory", MIGRATIONS), 24);
}

#[test]
fn figures_agree_on_the_fake_and_on_postgres() {
    figures_agree_on_the_fake_and_on(|| databases::postgres("inventory", MIGRATIONS), 12);
}
