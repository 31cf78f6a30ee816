//! What a store of leases promises: one owner, whoever asks when.

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::shared::sql::leases::SqlLeaseStore;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::shared::lease::{Lease, LeaseStore};

use crate::fakes::leases::FakeLeaseStore;
use crate::support::contract::store_contract;

const NAME: &str = "orders.resume_sagas";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + seconds)
        .unwrap()
        .plus_ms(1)
}

fn take(store: &dyn LeaseStore, owner: &str, at_second: i64) -> bool {
    let now = at(at_second);
    let wish = Lease {
        owner: owner.to_owned(),
        until: now.plus_ms(10_000),
    };
    store.take_lease(NAME, &wish, now).unwrap()
}

fn a_lease_is_of_the_first_until_it_runs_out(store: &dyn LeaseStore) {
    assert!(take(store, "first", 0));
    assert!(!take(store, "second", 9));
    assert!(take(store, "second", 10), "it has run out");
    assert!(!take(store, "first", 19), "who comes back finds itself locked out");
}

fn its_owner_renews_it(store: &dyn LeaseStore) {
    assert!(take(store, "first", 0));
    assert!(take(store, "first", 9));
    assert!(!take(store, "second", 18));
    assert!(take(store, "second", 19));
}

fn what_is_given_back_can_be_had_at_once(store: &dyn LeaseStore) {
    assert!(take(store, "first", 0));
    store.release_lease(NAME, "second").unwrap();
    assert!(!take(store, "second", 0), "nobody gives back what another has");
    store.release_lease(NAME, "first").unwrap();
    store.release_lease(NAME, "first").unwrap();
    assert!(take(store, "second", 0));
}

fn leases_of_other_names_are_other_leases(store: &dyn LeaseStore) {
    assert!(take(store, "first", 0));
    let wish = Lease {
        owner: "second".to_owned(),
        until: at(10),
    };
    assert!(store.take_lease("forget", &wish, at(0)).unwrap());
}

fn a_lease_of_a_clock_that_is_a_day_ahead_holds_up_nobody(store: &dyn LeaseStore) {
    assert!(take(store, "ahead", 86_400));
    assert!(take(store, "right", 0));
    assert!(!take(store, "other", 9));
}

fn of_eight_that_try_at_once_one_gets_it(store: &dyn LeaseStore) {
    for round in 0..20_i64 {
        // Each round begins where the lease of the round before has run out.
        let got = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|taker| scope.spawn(move || take(store, &format!("{round}-{taker}"), round * 10)))
                .collect();
            takers
                .into_iter()
                .filter_map(|taker| taker.join().unwrap().then_some(()))
                .count()
        });
        assert_eq!(got, 1, "in round {round}");
    }
}

store_contract! {
    context = "orders", fake = FakeLeaseStore::new(), sql = SqlLeaseStore::new, migrations = MIGRATIONS;
    a_lease_is_of_the_first_until_it_runs_out,
    its_owner_renews_it,
    what_is_given_back_can_be_had_at_once,
    leases_of_other_names_are_other_leases,
    a_lease_of_a_clock_that_is_a_day_ahead_holds_up_nobody,
    of_eight_that_try_at_once_one_gets_it,
}
