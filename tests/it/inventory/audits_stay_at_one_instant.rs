//! An audit that runs while people buy sees figures of one instant: it accuses nobody.

use std::sync::atomic::{AtomicBool, Ordering};

use banyan::adapters::inventory::sql::MIGRATIONS;
use banyan::ports::inventory::operations::DEFAULT_LOCATION;

use super::shop::{Shop, assert_figures_agree};
use crate::support::databases;

#[test]
fn figures_agree_while_people_buy_on_sqlite() {
    let home = databases::sqlite("inventory", MIGRATIONS);
    figures_agree_while_people_buy(&Shop::over(&home.database));
}

#[test]
fn figures_agree_while_people_buy_on_postgres() {
    let home = databases::postgres("inventory", MIGRATIONS);
    figures_agree_while_people_buy(&Shop::over(&home.database));
}

fn figures_agree_while_people_buy(shop: &Shop) {
    shop.receive(1, DEFAULT_LOCATION, 1000);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let buyer = |first: u128| {
            for number in first..first + 40 {
                shop.reserve(number, &[(1, 3)]).unwrap();
                if number % 2 == 0 {
                    shop.commit(number).unwrap();
                } else {
                    shop.release(number).unwrap();
                }
            }
        };
        let buyers = [scope.spawn(move || buyer(100)), scope.spawn(move || buyer(200))];
        let audits = scope.spawn(|| {
            let mut audits = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_figures_agree(&shop.audit());
                audits += 1;
            }
            audits
        });
        for buyer in buyers {
            buyer.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(audits.join().unwrap() > 1);
    });
    assert_eq!(shop.figures(), (1000 - 3 * 40, 0));
}
