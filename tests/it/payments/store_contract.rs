//! What every payment store owes ([`PaymentStore`]).

use banyan::adapters::payments::sql::MIGRATIONS;
use banyan::adapters::payments::sql::store::SqlPaymentStore;
use banyan::domains::payments::attempt::{Attempt, RequestKey};
use banyan::domains::payments::decline_reason::DeclineReason;
use banyan::domains::payments::payment::{Payment, PaymentTerms, StoredPayment};
use banyan::domains::payments::refund::{Refund, RefundReason, RefundStatus, StoredRefund};
use banyan::domains::payments::status::PaymentStatus;
use banyan::domains::shared::ids::{OrderId, PaymentId, RefundId, UserId};
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::payments::outbound::{Overdue, PaymentStore};
use banyan::ports::shared::idempotency::KeyRecord;
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};
use uuid::Uuid;

use super::till::{amount, eur};
use crate::fakes::payments::FakePaymentStore;
use crate::support::contract::store_contract;

store_contract! {
    context = "payments", fake = FakePaymentStore::new(), sql = SqlPaymentStore::new, migrations = MIGRATIONS;
    a_payment_survives_the_round_trip_with_every_field,
    a_changed_payment_survives_the_round_trip_with_every_field,
    a_refund_survives_the_round_trip_with_every_field,
    a_payment_is_found_by_its_order,
    neither_an_id_nor_an_order_has_two_payments,
    of_two_writers_the_second_finds_the_payment_changed,
    a_refund_is_written_only_with_the_version_of_its_payment,
    a_write_and_its_key_happen_both_or_not_at_all,
    overdue_attempts_come_oldest_first_and_customers_before_checkouts_are_due,
    pending_refunds_come_oldest_first,
    pages_follow_the_order_ids_and_end,
    pages_follow_the_payment_ids_and_end,
    orders_are_told_only_of_payments_that_exist,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + second).unwrap().plus_ms(7)
}

fn terms(number: u128) -> PaymentTerms {
    PaymentTerms {
        id: PaymentId::from(Uuid::from_u128(number)),
        order_id: OrderId::from(Uuid::from_u128(1_000 - number)),
        customer_id: UserId::from(Uuid::from_u128(3)),
        amount: amount(),
    }
}

fn refund_id(number: u128) -> RefundId {
    RefundId::from(Uuid::from_u128(number))
}

fn key(name: &str) -> RequestKey {
    RequestKey {
        scope: "usr_1".to_owned(),
        key: name.to_owned(),
    }
}

fn requested(store: &dyn PaymentStore, number: u128) -> Payment {
    let mut payment = Payment::requested(terms(number), "simulator", at(0)).unwrap();
    store.insert(&mut payment, &UnitOfWork::none()).unwrap();
    payment
}

fn captured(store: &dyn PaymentStore, number: u128) -> Payment {
    let mut payment = requested(store, number);
    payment.authorize(at(1)).unwrap();
    payment.complete(at(1)).unwrap();
    store.update(&mut payment, &UnitOfWork::none()).unwrap();
    payment
}

fn ask_for_refund(store: &dyn PaymentStore, payment: &mut Payment, number: u128, second: i64) {
    let reason = RefundReason::new("broken").unwrap();
    payment
        .request_refund(refund_id(number), Some(eur(10)), reason, Some(key("r")), at(second))
        .unwrap();
    store
        .add_refund(payment, refund_id(number), &UnitOfWork::none())
        .unwrap();
}

fn found(store: &dyn PaymentStore, number: u128) -> Payment {
    store.find(terms(number).id).unwrap().unwrap()
}

fn a_payment_survives_the_round_trip_with_every_field(store: &dyn PaymentStore) {
    let mut payment = Payment::from_storage(StoredPayment {
        terms: terms(1),
        status: PaymentStatus::Pending,
        refunded: eur(0),
        provider: "simulator".to_owned(),
        provider_key: "pay_1-3".to_owned(),
        attempts: 3,
        attempt: Some(Attempt {
            started_at: at(5),
            request: Some(key("k")),
            abandoned: true,
        }),
        decline_reason: None,
        refunds: Vec::new(),
        version: 4,
        created_at: at(1),
        updated_at: at(6),
    });
    store.insert(&mut payment, &UnitOfWork::none()).unwrap();
    assert_eq!(found(store, 1), payment);
    assert_eq!(found(store, 1).stored_version(), 4);
    assert_eq!(store.find(terms(2).id).unwrap(), None);
}

fn a_changed_payment_survives_the_round_trip_with_every_field(store: &dyn PaymentStore) {
    let mut payment = requested(store, 1);
    payment.begin_attempt(Some(key("k")), at(1)).unwrap();
    store.update(&mut payment, &UnitOfWork::none()).unwrap();
    assert_eq!(found(store, 1), payment);
    payment.decline_attempt(at(2));
    payment.begin_attempt(None, at(3)).unwrap();
    payment.abandon_attempt(at(4));
    store.update(&mut payment, &UnitOfWork::none()).unwrap();
    assert_eq!(found(store, 1), payment);
    payment.fail(DeclineReason::InsufficientFunds, at(5)).unwrap();
    store.update(&mut payment, &UnitOfWork::none()).unwrap();
    assert_eq!(found(store, 1), payment);
    assert_eq!((payment.version(), payment.attempt()), (4, None));
}

fn a_refund_survives_the_round_trip_with_every_field(store: &dyn PaymentStore) {
    let mut payment = captured(store, 1);
    ask_for_refund(store, &mut payment, 10, 2);
    ask_for_refund(store, &mut payment, 11, 3);
    payment
        .request_refund(refund_id(12), None, RefundReason::order_cancelled(), None, at(4))
        .unwrap();
    store
        .add_refund(&mut payment, refund_id(12), &UnitOfWork::none())
        .unwrap();
    assert_eq!(found(store, 1), payment);
    payment.complete_refund(refund_id(11), at(5)).unwrap();
    store
        .update_refund(&mut payment, refund_id(11), &UnitOfWork::none())
        .unwrap();
    payment.fail_refund(refund_id(10), at(6)).unwrap();
    store
        .update_refund(&mut payment, refund_id(10), &UnitOfWork::none())
        .unwrap();
    let found = found(store, 1);
    assert_eq!(found, payment);
    assert_eq!(
        (found.status(), found.refunded()),
        (PaymentStatus::PartiallyRefunded, eur(10))
    );
    let stored = StoredRefund {
        id: refund_id(11),
        amount: eur(10),
        reason: RefundReason::new("broken").unwrap(),
        status: RefundStatus::Completed,
        request: Some(key("r")),
        created_at: at(3),
        updated_at: at(5),
    };
    assert_eq!(found.refund(refund_id(11)), Some(&Refund::from_storage(stored)));
}

fn a_payment_is_found_by_its_order(store: &dyn PaymentStore) {
    let mut payment = captured(store, 1);
    ask_for_refund(store, &mut payment, 10, 2);
    assert_eq!(store.find_by_order(terms(1).order_id).unwrap(), Some(payment));
    assert_eq!(store.find_by_order(terms(2).order_id).unwrap(), None);
}

fn neither_an_id_nor_an_order_has_two_payments(store: &dyn PaymentStore) {
    requested(store, 1);
    let same_id = PaymentTerms {
        id: terms(1).id,
        ..terms(2)
    };
    let same_order = PaymentTerms {
        order_id: terms(1).order_id,
        ..terms(2)
    };
    for terms in [same_id, same_order] {
        let mut payment = Payment::requested(terms, "simulator", at(0)).unwrap();
        let outcome = store.insert(&mut payment, &UnitOfWork::none());
        assert!(matches!(outcome, Err(StorageError::Duplicate { .. })), "{outcome:?}");
    }
}

fn of_two_writers_the_second_finds_the_payment_changed(store: &dyn PaymentStore) {
    let mut first = requested(store, 1);
    let mut second = first.clone();
    first.void(at(1)).unwrap();
    store.update(&mut first, &UnitOfWork::none()).unwrap();
    second.begin_attempt(None, at(1)).unwrap();
    let outcome = store.update(&mut second, &UnitOfWork::none());
    assert!(matches!(outcome, Err(StorageError::Stale)), "{outcome:?}");
    assert_eq!(second.stored_version(), 1);
    assert_eq!(found(store, 1), first);
    let mut unknown = Payment::requested(terms(2), "simulator", at(0)).unwrap();
    assert!(matches!(
        store.update(&mut unknown, &UnitOfWork::none()),
        Err(StorageError::Stale)
    ));
}

fn a_refund_is_written_only_with_the_version_of_its_payment(store: &dyn PaymentStore) {
    let mut first = captured(store, 1);
    let mut second = first.clone();
    ask_for_refund(store, &mut first, 10, 2);
    let reason = RefundReason::order_cancelled();
    second.request_refund(refund_id(11), None, reason, None, at(2)).unwrap();
    let outcome = store.add_refund(&mut second, refund_id(11), &UnitOfWork::none());
    assert!(matches!(outcome, Err(StorageError::Stale)), "{outcome:?}");
    let mut late = first.clone();
    first.complete_refund(refund_id(10), at(3)).unwrap();
    store
        .update_refund(&mut first, refund_id(10), &UnitOfWork::none())
        .unwrap();
    late.fail_refund(refund_id(10), at(3)).unwrap();
    let outcome = store.update_refund(&mut late, refund_id(10), &UnitOfWork::none());
    assert!(matches!(outcome, Err(StorageError::Stale)), "{outcome:?}");
    assert_eq!(found(store, 1), first);
}

fn a_write_and_its_key_happen_both_or_not_at_all(store: &dyn PaymentStore) {
    let claim = || {
        Some(KeyWrite::Claim(KeyRecord {
            scope: "usr_1".to_owned(),
            key: "k".parse().unwrap(),
            operation: "payments.process_payment".to_owned(),
            fingerprint: "f".to_owned(),
            answer: None,
            created_at: at(0),
        }))
    };
    let mut payment = requested(store, 1);
    payment.begin_attempt(Some(key("k")), at(1)).unwrap();
    store
        .update(&mut payment, &UnitOfWork::none().with_key(claim()))
        .unwrap();
    let before = payment.clone();
    payment.decline_attempt(at(2));
    let outcome = store.update(&mut payment, &UnitOfWork::none().with_key(claim()));
    assert!(matches!(outcome, Err(StorageError::Duplicate { .. })), "{outcome:?}");
    assert_eq!(found(store, 1), before);
}

fn overdue_attempts_come_oldest_first_and_customers_before_checkouts_are_due(store: &dyn PaymentStore) {
    for (number, started, request) in [
        (1, 50, Some("a")),
        (2, 40, Some("b")),
        (3, 60, Some("c")),
        (4, 40, None),
        (5, 10, None),
    ] {
        let mut payment = requested(store, number);
        payment.begin_attempt(request.map(key), at(started)).unwrap();
        store.update(&mut payment, &UnitOfWork::none()).unwrap();
    }
    requested(store, 6);
    let overdue = Overdue {
        of_request_before: at(60),
        of_checkout_before: at(40),
    };
    let ids = [5, 2, 1].map(|number| terms(number).id);
    assert_eq!(store.overdue_attempts(&overdue, 10).unwrap(), ids);
    assert_eq!(store.overdue_attempts(&overdue, 2).unwrap(), ids[..2]);
}

fn pending_refunds_come_oldest_first(store: &dyn PaymentStore) {
    let mut first = captured(store, 1);
    let mut second = captured(store, 2);
    ask_for_refund(store, &mut first, 10, 30);
    ask_for_refund(store, &mut second, 11, 20);
    ask_for_refund(store, &mut first, 12, 40);
    ask_for_refund(store, &mut first, 13, 10);
    first.complete_refund(refund_id(13), at(50)).unwrap();
    store
        .update_refund(&mut first, refund_id(13), &UnitOfWork::none())
        .unwrap();
    let ids = [(second.id(), refund_id(11)), (first.id(), refund_id(10))];
    assert_eq!(store.pending_refunds(at(40), 10).unwrap(), ids);
    assert_eq!(store.pending_refunds(at(40), 1).unwrap(), ids[..1]);
}

fn pages_follow_the_order_ids_and_end(store: &dyn PaymentStore) {
    let mut first = captured(store, 1);
    ask_for_refund(store, &mut first, 10, 2);
    let mut second = captured(store, 2);
    ask_for_refund(store, &mut second, 11, 2);
    let third = requested(store, 3);
    // The order ids run against the payment ids.
    let page = store.page_by_order(None, 2).unwrap();
    assert_eq!(page, [third, second.clone()]);
    assert_eq!(
        store.page_by_order(Some(second.order_id()), 2).unwrap(),
        [first.clone()]
    );
    assert_eq!(store.page_by_order(Some(first.order_id()), 2).unwrap(), []);
}

fn pages_follow_the_payment_ids_and_end(store: &dyn PaymentStore) {
    let third = requested(store, 3);
    let mut first = captured(store, 1);
    ask_for_refund(store, &mut first, 10, 2);
    let second = captured(store, 2);
    assert_eq!(store.page_by_id(None, 2).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(
        store.page_by_id(Some(first.id()), 1).unwrap(),
        std::slice::from_ref(&second)
    );
    assert_eq!(
        store.page_by_id(Some(second.id()), 2).unwrap(),
        std::slice::from_ref(&third)
    );
    assert_eq!(store.page_by_id(Some(third.id()), 2).unwrap(), []);
}

fn orders_are_told_only_of_payments_that_exist(store: &dyn PaymentStore) {
    requested(store, 1);
    requested(store, 2);
    let mut orders = store.orders_of(&[terms(2).id, terms(9).id, terms(1).id]).unwrap();
    orders.sort();
    let told = [1, 2].map(|number| {
        let terms = terms(number);
        (terms.id, terms.order_id, terms.id.to_string())
    });
    assert_eq!(orders, told);
    assert_eq!(store.orders_of(&[]).unwrap(), []);
}
