//! What every order store owes.

use banyan::adapters::orders::sql::MIGRATIONS;
use banyan::adapters::orders::sql::store::SqlOrderStore;
use banyan::domains::orders::order::{Line, Order, OrderIds};
use banyan::domains::orders::pricing::PricingRules;
use banyan::domains::orders::status::Status;
use banyan::domains::shared::ids::UserId;
use banyan::domains::shared::money::{Currency, Money};
use banyan::domains::shared::postal_address::PostalAddress;
use banyan::domains::shared::quantity::Quantity;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::orders::outbound::{AuditedOrder, OrderStore};
use banyan::ports::shared::idempotency::KeyRecord;
use banyan::ports::shared::lease::Lease;
use banyan::ports::shared::page::PageRequest;
use banyan::ports::shared::saga::{SagaRecord, SagaStatus};
use banyan::ports::shared::storage::{KeyWrite, SagaWrite, StorageError, UnitOfWork};
use uuid::Uuid;

use crate::fakes::orders::FakeOrderStore;
use crate::support::contract::store_contract;

store_contract! {
    context = "orders", fake = FakeOrderStore::new(), sql = SqlOrderStore::new, migrations = MIGRATIONS;
    an_order_comes_back_as_it_was_kept,
    an_order_is_kept_once,
    a_change_is_written_only_over_the_version_before_it,
    a_key_that_is_taken_keeps_the_order_out,
    a_saga_is_advanced_only_by_its_leaseholder,
    a_customers_orders_are_listed_newest_first_page_by_page,
    the_audit_sees_every_order_once_and_which_have_open_sagas,
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap().plus_ms(123)
}

fn customer(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

fn order(number: u128, customer_id: UserId) -> Order {
    let id = |kind: u128| Uuid::from_u128(number * 10 + kind);
    let ids = OrderIds {
        order: id(1).into(),
        payment: id(2).into(),
        reservation: id(3).into(),
    };
    let line = |product: u128, name: &str, pieces, minor| {
        let sku = format!("SKU-{product}").parse().unwrap();
        let price = Money::of(minor, Currency::EUR);
        Line::new(
            Uuid::from_u128(product).into(),
            sku,
            name.into(),
            Quantity::new(pieces).unwrap(),
            price,
        )
        .unwrap()
    };
    let lines = vec![
        line(9, "Crème fraîche", 3, 149),
        line(7, "'; DROP TABLE orders; --", 1, 250),
    ];
    let address = PostalAddress::new("1 Fig Lane", "Ulm", "BW", "89073", "DE").unwrap();
    let rules = PricingRules {
        tax_basis_points: 700,
        shipping_minor: 490,
    };
    Order::place(ids, customer_id, lines, rules, address, now()).unwrap()
}

fn saga(number: u128, order: &Order, owner: &str, status: SagaStatus) -> SagaRecord {
    SagaRecord {
        id: Uuid::from_u128(number).into(),
        kind: "checkout".into(),
        subject: order.id().to_string(),
        status,
        position: 0,
        state: "{}".into(),
        attempts: 0,
        reason: None,
        lease: Lease {
            owner: owner.into(),
            until: now(),
        },
        next_attempt_at: now(),
        created_at: now(),
        updated_at: now(),
    }
}

fn an_order_comes_back_as_it_was_kept(store: &dyn OrderStore) {
    let kept = order(1, customer(1));
    store.insert(&kept, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find(kept.id()).unwrap(), Some(kept.clone()));
    let waiting = kept.with_awaiting_payment(true, now().plus_ms(5));
    store.update(&waiting, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find(waiting.id()).unwrap(), Some(waiting.clone()));
    let cancelled = waiting.cancel("not paid in time", now().plus_ms(9)).unwrap();
    store.update(&cancelled, &UnitOfWork::none()).unwrap();
    assert_eq!(store.find(cancelled.id()).unwrap(), Some(cancelled));
    assert_eq!(store.find(order(2, customer(1)).id()).unwrap(), None);
}

fn an_order_is_kept_once(store: &dyn OrderStore) {
    let kept = order(1, customer(1));
    store.insert(&kept, &UnitOfWork::none()).unwrap();
    let again = store.insert(&kept, &UnitOfWork::none());
    assert!(matches!(again, Err(StorageError::Duplicate { .. })), "{again:?}");
}

fn a_change_is_written_only_over_the_version_before_it(store: &dyn OrderStore) {
    let placed = order(1, customer(1));
    store.insert(&placed, &UnitOfWork::none()).unwrap();
    let confirmed = placed.clone().become_status(Status::Confirmed, now()).unwrap();
    let cancelled = placed.cancel("changed my mind", now()).unwrap();
    store.update(&confirmed, &UnitOfWork::none()).unwrap();
    assert!(matches!(
        store.update(&cancelled, &UnitOfWork::none()),
        Err(StorageError::Stale)
    ));
    assert_eq!(store.find(confirmed.id()).unwrap(), Some(confirmed));
}

fn a_key_that_is_taken_keeps_the_order_out(store: &dyn OrderStore) {
    let claim = || {
        let record = KeyRecord {
            scope: "usr_1".into(),
            key: "k".parse().unwrap(),
            operation: "orders.place_order".into(),
            fingerprint: "f".into(),
            answer: None,
            created_at: now(),
        };
        UnitOfWork::none().with_key(Some(KeyWrite::Claim(record)))
    };
    store.insert(&order(1, customer(1)), &claim()).unwrap();
    let second = order(2, customer(1));
    let refused = store.insert(&second, &claim());
    assert!(matches!(refused, Err(StorageError::Duplicate { .. })), "{refused:?}");
    assert_eq!(store.find(second.id()).unwrap(), None);
}

fn a_saga_is_advanced_only_by_its_leaseholder(store: &dyn OrderStore) {
    let placed = order(1, customer(1));
    let begun = saga(1, &placed, "me", SagaStatus::Running);
    store
        .insert(&placed, &UnitOfWork::none().with_saga(SagaWrite::Begin(begun.clone())))
        .unwrap();
    let confirmed = placed.clone().become_status(Status::Confirmed, now()).unwrap();
    let others = SagaRecord {
        lease: Lease {
            owner: "another".into(),
            until: now(),
        },
        ..begun.clone()
    };
    let refused = store.update(&confirmed, &UnitOfWork::none().with_saga(SagaWrite::Advance(others)));
    assert!(matches!(refused, Err(StorageError::Stale)), "{refused:?}");
    assert_eq!(
        store.find(placed.id()).unwrap(),
        Some(placed),
        "nothing of a refused unit is written"
    );
    store
        .update(&confirmed, &UnitOfWork::none().with_saga(SagaWrite::Advance(begun)))
        .unwrap();
    assert_eq!(store.find(confirmed.id()).unwrap(), Some(confirmed));
}

fn a_customers_orders_are_listed_newest_first_page_by_page(store: &dyn OrderStore) {
    for number in 1..=5 {
        store.insert(&order(number, customer(1)), &UnitOfWork::none()).unwrap();
    }
    store.insert(&order(6, customer(2)), &UnitOfWork::none()).unwrap();
    let cancelled = order(3, customer(1)).cancel("no", now()).unwrap();
    store.update(&cancelled, &UnitOfWork::none()).unwrap();
    let first = store.list(customer(1), None, None, 3).unwrap();
    assert_eq!(
        first.items,
        [order(5, customer(1)), order(4, customer(1)), cancelled.clone()]
    );
    let after = first.next.unwrap().parse().unwrap();
    let second = store.list(customer(1), None, Some(after), 3).unwrap();
    assert_eq!(second.items, [order(2, customer(1)), order(1, customer(1))]);
    assert_eq!(second.next, None);
    assert_eq!(
        store.list(customer(1), Some(Status::Cancelled), None, 3).unwrap().items,
        [cancelled]
    );
}

fn the_audit_sees_every_order_once_and_which_have_open_sagas(store: &dyn OrderStore) {
    for number in 1..=5 {
        let order = order(number, customer(number));
        let status = if number == 2 {
            SagaStatus::Running
        } else {
            SagaStatus::Done
        };
        let unit = UnitOfWork::none().with_saga(SagaWrite::Begin(saga(number, &order, "me", status)));
        store.insert(&order, &unit).unwrap();
    }
    let mut seen = Vec::new();
    let mut page = PageRequest { limit: 2, after: None };
    for _round in 0..3 {
        let found = store.audit(&page).unwrap();
        seen.extend(found.items);
        page.after = found.next;
    }
    let all: Vec<_> = (1..=5)
        .map(|number| {
            let order = order(number, customer(number));
            let data = order.data();
            AuditedOrder {
                order_id: order.id(),
                status: data.status,
                total: data.totals.total,
                units: 4,
                payment_id: data.ids.payment,
                reservation_id: data.ids.reservation,
                in_progress: number == 2,
                updated_at: data.updated_at,
            }
        })
        .collect();
    assert_eq!(seen, all);
    assert_eq!(page.after, None);
}
