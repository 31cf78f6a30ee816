//! The client's own request and the provider's webhook tell the same at the same time: whoever is first, there is one
//! state, without anybody waiting for the other.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use banyan::adapters::payments::sql::MIGRATIONS;
use banyan::adapters::shared::sql::event_log::SqlEventFeed;
use banyan::ports::payments::operations::PaymentStatus;
use banyan::ports::payments::outbound::PaymentProvider;
use banyan::ports::shared::events::EventFeed;
use banyan::ports::shared::failure::Failure;

use super::disturbed_provider::CallFault;
use super::till::{Till, amount, eur, payment_id};
use crate::support::databases::{TestDatabase, postgres, sqlite};

const ROUNDS: u128 = 30;

/// The webhooks of a payment come three times each and are applied by two at once, as long as `client` does what it does.
fn while_webhooks_come<T: Send>(till: &Till, number: u128, client: impl FnOnce() -> T + Send) -> T {
    let key = payment_id(number).to_string();
    let (ended, start) = (AtomicBool::new(false), Barrier::new(3));
    let provider_and_worker = || {
        start.wait();
        let mut last_round = false;
        while !last_round {
            last_round = ended.load(Ordering::SeqCst);
            let own = till.told().into_iter().filter(|(id, _body)| id.starts_with(&key));
            for (_id, body) in own {
                for _ in 0..3 {
                    till.hear(&body).unwrap();
                }
            }
            till.apply();
        }
    };
    std::thread::scope(|scope| {
        let webhooks = [scope.spawn(provider_and_worker), scope.spawn(provider_and_worker)];
        let client = scope.spawn(|| {
            start.wait();
            let outcome = client();
            ended.store(true, Ordering::SeqCst);
            outcome
        });
        let outcome = client.join().unwrap();
        for thread in webhooks {
            thread.join().unwrap();
        }
        outcome
    })
}

/// The types of the events of a payment, in their order.
fn events_of(home: &TestDatabase, number: u128) -> Vec<String> {
    let log = SqlEventFeed::new(home.database.clone()).read_after(0, 10_000).unwrap();
    let id = payment_id(number).to_string();
    let own = log.into_iter().filter(|logged| logged.event.payload.contains(&id));
    own.map(|logged| logged.event.event_type).collect()
}

fn requests_race_their_webhooks(home: &TestDatabase) {
    let till = Till::over_sql(&home.database);
    let mut outcomes = BTreeSet::new();
    for number in 1..=ROUNDS {
        till.request(number).unwrap();
        // Every third customer never hears of the provider's answers: then the webhooks alone tell.
        let unheard = number % 3 == 0;
        till.provider.disturb_all(unheard.then_some(CallFault::AnswerLost));
        let paid = while_webhooks_come(&till, number, || {
            till.process(number, "tok_visa", &format!("k{number}"))
        });
        outcomes.insert(format!("{}{:?}", unheard, paid.as_ref().map(|payment| payment.status)));
        if unheard && paid.is_err() {
            assert_eq!(paid, Err(Failure::Timeout));
            till.provider
                .simulator
                .capture(&payment_id(number).to_string(), amount())
                .unwrap();
            while_webhooks_come(&till, number, || ());
        }
        till.provider.disturb_all(None);
        let payment = till.payment(number);
        assert_eq!((payment.status, payment.refunded), (PaymentStatus::Completed, eur(0)));
        assert_eq!(events_of(home, number), ["payment.completed"]);
        let replayed = till.process(number, "tok_visa", &format!("k{number}")).unwrap();
        assert_eq!(replayed.status, PaymentStatus::Completed);
        assert_eq!(till.charge(number).unwrap().captured, amount());
    }
    assert!(outcomes.len() > 1, "both kinds of rounds: {outcomes:?}");
}

fn checkouts_and_refunds_race_their_webhooks(home: &TestDatabase) {
    let till = Till::over_sql(&home.database);
    for number in 1..=ROUNDS {
        while_webhooks_come(&till, number, || {
            till.authorize(number, "tok_visa").unwrap();
            till.capture(number).unwrap();
            till.refund(number, Some(eur(100)), &format!("a{number}")).unwrap();
            till.refund(number, None, &format!("b{number}")).unwrap();
        });
        let payment = till.payment(number);
        assert_eq!((payment.status, payment.refunded), (PaymentStatus::Refunded, amount()));
        assert_eq!(
            events_of(home, number),
            ["payment.completed", "payment.refunded", "payment.refunded"]
        );
        assert_eq!(till.charge(number).unwrap().refunded, amount());
    }
}

fn cancelling_races_its_webhooks(home: &TestDatabase) {
    let till = Till::over_sql(&home.database);
    for number in 1..=ROUNDS {
        let taken = number % 2 == 0;
        while_webhooks_come(&till, number, || {
            till.authorize(number, "tok_visa").unwrap();
            if taken {
                till.capture(number).unwrap();
            }
            till.cancel(number).unwrap();
        });
        let (status, refunded) = if taken {
            (PaymentStatus::Refunded, amount())
        } else {
            (PaymentStatus::Voided, eur(0))
        };
        let payment = till.payment(number);
        assert_eq!((payment.status, payment.refunded), (status, refunded));
        assert_eq!(till.charge(number).unwrap().refunded, refunded);
    }
}

#[test]
fn requests_race_their_webhooks_on_sqlite() {
    requests_race_their_webhooks(&sqlite("payments", MIGRATIONS));
}

#[test]
fn requests_race_their_webhooks_on_postgres() {
    requests_race_their_webhooks(&postgres("payments", MIGRATIONS));
}

#[test]
fn checkouts_and_refunds_race_their_webhooks_on_sqlite() {
    checkouts_and_refunds_race_their_webhooks(&sqlite("payments", MIGRATIONS));
}

#[test]
fn checkouts_and_refunds_race_their_webhooks_on_postgres() {
    checkouts_and_refunds_race_their_webhooks(&postgres("payments", MIGRATIONS));
}

#[test]
fn cancelling_races_its_webhooks_on_sqlite() {
    cancelling_races_its_webhooks(&sqlite("payments", MIGRATIONS));
}

#[test]
fn cancelling_races_its_webhooks_on_postgres() {
    cancelling_races_its_webhooks(&postgres("payments", MIGRATIONS));
}
