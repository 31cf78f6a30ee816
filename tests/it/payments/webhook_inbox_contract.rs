//! What every inbox of webhooks owes ([`WebhookInbox`]).

use std::sync::Arc;

use banyan::adapters::payments::sql::MIGRATIONS;
use banyan::adapters::payments::sql::inbox::SqlWebhookInbox;
use banyan::adapters::payments::sql::store::SqlPaymentStore;
use banyan::adapters::shared::sql::database::Database;
use banyan::domains::payments::payment::{Payment, PaymentTerms};
use banyan::domains::shared::ids::PaymentId;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::outbound::PaymentStore;
use banyan::ports::payments::webhooks::{NewWebhook, Received, Standing, Webhook, WebhookEnd, WebhookInbox};
use banyan::ports::shared::storage::UnitOfWork;

use super::till::{amount, customer_id, order_id, payment_id};
use crate::fakes::payments::FakePaymentStore;
use crate::fakes::webhooks::FakeWebhookInbox;
use crate::support::contract::store_contract;

store_contract! {
    context = "payments", fake = Shelf::of_fakes(), sql = Shelf::in_database, migrations = MIGRATIONS;
    a_webhook_is_fresh_once_and_known_from_then_on,
    another_body_under_the_same_id_is_told_and_not_kept,
    what_is_taken_is_taken_by_one_until_its_time_is_over,
    the_oldest_are_taken_first_and_no_more_than_asked_for,
    what_has_ended_is_not_taken_again,
    one_that_waits_comes_at_its_time_or_when_its_payment_is_there,
    who_was_too_slow_changes_nothing,
    what_ended_long_ago_is_forgotten_oldest_first,
}

/// No number.
const NOBODY: [i64; 0] = [];

struct Shelf {
    inbox: Arc<dyn WebhookInbox>,
    payments: Arc<dyn PaymentStore>,
}

impl Shelf {
    fn of_fakes() -> Self {
        let payments = Arc::new(FakePaymentStore::new());
        Self {
            inbox: Arc::new(FakeWebhookInbox::beside(payments.clone())),
            payments,
        }
    }

    fn in_database(database: Arc<Database>) -> Self {
        Self {
            inbox: Arc::new(SqlWebhookInbox::new(database.clone(), Arc::new(|| {}))),
            payments: Arc::new(SqlPaymentStore::new(database)),
        }
    }

    fn receive(&self, number: i64) {
        assert_eq!(self.inbox.receive(&webhook(number)).unwrap(), Received::Fresh);
    }

    /// The numbers of those that are taken at a second, for ten seconds.
    fn take(&self, second: i64) -> Vec<i64> {
        numbers(&self.inbox.take(at(second), at(second + 10), 100).unwrap())
    }

    fn take_one(&self, second: i64) -> Webhook {
        let [webhook] = self
            .inbox
            .take(at(second), at(second + 10), 1)
            .unwrap()
            .try_into()
            .unwrap();
        webhook
    }

    fn settle(&self, webhook: &Webhook, standing: Standing) {
        self.inbox.settle(&[(webhook.clone(), standing)]).unwrap();
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + second).unwrap().plus_ms(7)
}

/// It comes at the second of its number.
fn webhook(number: i64) -> NewWebhook {
    NewWebhook {
        provider: "simulator".to_owned(),
        event_id: format!("evt_{number}"),
        event_type: "charge.captured".to_owned(),
        body: format!("{{\"number\": {number}, \"name\": \"Käse 🧀\"}}"),
        received_at: at(number),
    }
}

fn numbers(webhooks: &[Webhook]) -> Vec<i64> {
    let numbers = webhooks.iter().map(|webhook| webhook.event_id.strip_prefix("evt_"));
    numbers.map(|number| number.unwrap().parse().unwrap()).collect()
}

fn ended(end: WebhookEnd, second: i64) -> Standing {
    Standing::Ended {
        end,
        reason: "recorded".to_owned(),
        at: at(second),
    }
}

fn waiting(waits_for: Option<PaymentId>, second: i64) -> Standing {
    Standing::Waiting {
        reason: "not yet".to_owned(),
        waits_for,
        next_attempt_at: at(second),
    }
}

fn a_webhook_is_fresh_once_and_known_from_then_on(shelf: &Shelf) {
    shelf.receive(1);
    let later = NewWebhook {
        received_at: at(50),
        ..webhook(1)
    };
    assert_eq!(shelf.inbox.receive(&later).unwrap(), Received::Known);
    let taken = shelf.take_one(60);
    let expected = Webhook {
        provider: webhook(1).provider,
        event_id: webhook(1).event_id,
        body: webhook(1).body,
        attempts: 1,
        received_at: at(1),
    };
    assert_eq!(taken, expected);
    shelf.settle(&taken, ended(WebhookEnd::Applied, 61));
    assert_eq!(shelf.inbox.receive(&later).unwrap(), Received::Known);
    let of_another = NewWebhook {
        provider: "another".to_owned(),
        ..webhook(1)
    };
    assert_eq!(shelf.inbox.receive(&of_another).unwrap(), Received::Fresh);
}

fn another_body_under_the_same_id_is_told_and_not_kept(shelf: &Shelf) {
    shelf.receive(1);
    let other = NewWebhook {
        body: "{}".to_owned(),
        ..webhook(1)
    };
    assert_eq!(shelf.inbox.receive(&other).unwrap(), Received::OtherBody);
    assert_eq!(shelf.take_one(2).body, webhook(1).body);
    assert_eq!(shelf.take(2), NOBODY);
}

fn what_is_taken_is_taken_by_one_until_its_time_is_over(shelf: &Shelf) {
    shelf.receive(1);
    assert_eq!(shelf.take(0), NOBODY);
    assert_eq!(shelf.take(1), [1]);
    assert_eq!(shelf.take(10), NOBODY);
    let again = shelf.take_one(11);
    assert_eq!(again.attempts, 2);
    assert_eq!(shelf.take(20), NOBODY);
}

fn the_oldest_are_taken_first_and_no_more_than_asked_for(shelf: &Shelf) {
    for number in [3, 1, 2, 9] {
        shelf.receive(number);
    }
    let take = |limit| numbers(&shelf.inbox.take(at(5), at(15), limit).unwrap());
    assert_eq!(take(2), [1, 2]);
    assert_eq!(take(2), [3]);
    assert_eq!(take(2), NOBODY);
}

fn what_has_ended_is_not_taken_again(shelf: &Shelf) {
    for (number, end) in [
        (1, WebhookEnd::Applied),
        (2, WebhookEnd::Ignored),
        (3, WebhookEnd::Quarantined),
    ] {
        shelf.receive(number);
        let taken = shelf.take_one(5);
        shelf.settle(&taken, ended(end, 6));
    }
    assert_eq!(shelf.take(1_000), NOBODY);
}

fn one_that_waits_comes_at_its_time_or_when_its_payment_is_there(shelf: &Shelf) {
    for number in [1, 2, 3] {
        shelf.receive(number);
    }
    for webhook in shelf.inbox.take(at(5), at(15), 10).unwrap() {
        let standing = match webhook.event_id.as_str() {
            "evt_1" => waiting(Some(payment_id(1)), 1_000),
            "evt_2" => waiting(Some(payment_id(2)), 1_000),
            _ => waiting(None, 30),
        };
        shelf.settle(&webhook, standing);
    }
    assert_eq!(shelf.take(29), NOBODY);
    let terms = PaymentTerms {
        id: payment_id(2),
        order_id: order_id(2),
        customer_id: customer_id(),
        amount: amount(),
    };
    let mut payment = Payment::requested(terms, "simulator", at(6)).unwrap();
    shelf.payments.insert(&mut payment, &UnitOfWork::none()).unwrap();
    assert_eq!(numbers(&shelf.inbox.take(at(30), at(40), 1).unwrap()), [3]);
    assert_eq!(shelf.take(30), [2]);
    // As long as somebody has it, nobody else is given it.
    assert_eq!(shelf.take(31), NOBODY);
    assert_eq!(shelf.take(1_000), [1, 2, 3]);
}

fn who_was_too_slow_changes_nothing(shelf: &Shelf) {
    shelf.receive(1);
    let slow = shelf.take_one(1);
    let quick = shelf.take_one(11);
    shelf.settle(&slow, ended(WebhookEnd::Ignored, 12));
    assert_eq!(shelf.take(21), [1]);
    shelf.settle(&quick, ended(WebhookEnd::Ignored, 22));
    let last = shelf.take_one(31);
    assert_eq!(last.attempts, 4);
    shelf.settle(&last, ended(WebhookEnd::Applied, 32));
    shelf.settle(&last, waiting(None, 33));
    assert_eq!(shelf.take(1_000), NOBODY);
}

fn what_ended_long_ago_is_forgotten_oldest_first(shelf: &Shelf) {
    for number in [1, 2, 3, 4] {
        shelf.receive(number);
        if number < 4 {
            let taken = shelf.take_one(number);
            shelf.settle(&taken, ended(WebhookEnd::Applied, 100 - number));
        }
    }
    assert_eq!(shelf.inbox.forget_ended(at(97), 10).unwrap(), 0);
    assert_eq!(shelf.inbox.forget_ended(at(100), 2).unwrap(), 2);
    assert_eq!(shelf.inbox.receive(&webhook(1)).unwrap(), Received::Known);
    assert_eq!(shelf.inbox.receive(&webhook(2)).unwrap(), Received::Fresh);
    assert_eq!(shelf.inbox.forget_ended(at(100), 2).unwrap(), 1);
    assert_eq!(shelf.take(200), [2, 4]);
}
