//! Listening to inventory.

use banyan::app::catalog::on_stock_changed::OnStockChanged;
use banyan::app::shared::event_reader::{ConsumeError, Consumer};
use banyan::domains::shared::ids::ProductId;
use banyan::ports::catalog::operations::{GetProduct, Product, ProductName};
use banyan::ports::inventory::events::{
    InventoryChanged, InventoryReleased, InventoryReserved, LevelAfter, ReleaseReason,
};
use banyan::ports::shared::clock::Clock;
use banyan::ports::shared::events::{Delivery, Event, EventRecord, Passage};
use banyan::ports::shared::operation::Handler;
use uuid::Uuid;

use super::fixtures::{Shop, details, staff};
use crate::support::fixed::CountingIds;

fn level(product_id: ProductId, available: i64, version: i64) -> LevelAfter {
    LevelAfter {
        product_id,
        location: "main".to_owned(),
        available,
        version,
    }
}

fn changed(product_id: ProductId, available: i64, version: i64) -> InventoryChanged {
    InventoryChanged {
        level: level(product_id, available, version),
        quantity: 1,
        reason: "counted".to_owned(),
    }
}

fn record<E: Event>(shop: &Shop, event: &E) -> EventRecord {
    EventRecord::of(event, &staff(), &CountingIds::new(), shop.clock.now())
}

fn delivery(from_position: i64, to_position: i64) -> Delivery {
    Delivery::Passage(Passage {
        consumer: "catalog.on_stock_changed".to_owned(),
        from_position,
        to_position,
    })
}

fn read(shop: &Shop, id: ProductId) -> Product {
    let name = ProductName::Id(id);
    shop.catalog.handle(&staff(), GetProduct { name }).unwrap()
}

#[test]
fn stock_that_comes_and_goes_is_heard_of() {
    let shop = Shop::open();
    let consumer = OnStockChanged::new(shop.store.clone());
    assert_eq!(consumer.name(), "catalog.on_stock_changed");
    let milk = shop.create(details("A", "Milk")).unwrap();

    let came = record(&shop, &changed(milk.id, 1, 1));
    assert!(consumer.consume(&came, &delivery(0, 1)).unwrap());
    assert!(read(&shop, milk.id).in_stock);

    let reserved = InventoryReserved {
        reservation_id: Uuid::from_u128(1).into(),
        order_id: Uuid::from_u128(2).into(),
        levels: vec![level(milk.id, 0, 2)],
    };
    assert!(consumer.consume(&record(&shop, &reserved), &delivery(1, 2)).unwrap());
    assert!(!read(&shop, milk.id).in_stock);

    let released = InventoryReleased {
        reservation_id: reserved.reservation_id,
        order_id: reserved.order_id,
        reason: ReleaseReason::Expired,
        levels: vec![level(milk.id, 1, 3)],
    };
    assert!(consumer.consume(&record(&shop, &released), &delivery(2, 3)).unwrap());
    let product = read(&shop, milk.id);
    assert_eq!((product.in_stock, product.version), (true, 4));
    for event in [InventoryChanged::TYPE, InventoryReserved::TYPE, InventoryReleased::TYPE] {
        assert!(consumer.event_types().contains(&event));
    }
}

#[test]
fn an_event_that_comes_twice_takes_effect_once() {
    let shop = Shop::open();
    let consumer = OnStockChanged::new(shop.store.clone());
    let milk = shop.create(details("A", "Milk")).unwrap();
    let came = record(&shop, &changed(milk.id, 1, 1));
    consumer.consume(&came, &delivery(0, 1)).unwrap();
    let known = read(&shop, milk.id);

    let same_place = consumer.consume(&came, &delivery(0, 1));
    assert!(matches!(same_place, Err(ConsumeError::Stale)));
    consumer.consume(&came, &delivery(1, 2)).unwrap();
    assert_eq!(read(&shop, milk.id), known);
    assert_eq!(
        shop.event_types(),
        ["product.created"],
        "hearing of stock is nothing to tell"
    );
}

#[test]
fn an_event_of_an_unknown_product_is_taken_in() {
    let shop = Shop::open();
    let consumer = OnStockChanged::new(shop.store.clone());
    let unknown = record(&shop, &changed(Uuid::from_u128(99).into(), 1, 1));
    assert!(consumer.consume(&unknown, &delivery(0, 1)).unwrap());
}

#[test]
fn an_event_that_cannot_be_read_is_poison_and_one_without_levels_passes_by() {
    let shop = Shop::open();
    let consumer = OnStockChanged::new(shop.store.clone());
    let readable = record(&shop, &changed(Uuid::from_u128(99).into(), 1, 1));
    let damaged = EventRecord {
        payload: "null".to_owned(),
        ..readable
    };
    let refused = consumer.consume(&damaged, &delivery(0, 1));
    assert!(matches!(refused, Err(ConsumeError::Poison(_))));

    let nothing = InventoryReserved {
        reservation_id: Uuid::from_u128(1).into(),
        order_id: Uuid::from_u128(2).into(),
        levels: Vec::new(),
    };
    assert!(!consumer.consume(&record(&shop, &nothing), &delivery(0, 1)).unwrap());
}
