//! A context in this process that is treated as if it ran in another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use banyan::adapters::shared::system::SystemIds;
use banyan::app::shared::decorators::loopback::{Loopback, LoopbackFault, LoopbackSettings, LoopbackWay};
use banyan::ports::inventory::operations::{GetStock, Inventory};
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::{Warehouse, delivery, operator, product, reservation, under_key};

/// Slower ways would only make the tests slower.
fn way(seed: u64, faults_percent: u32) -> Arc<LoopbackWay> {
    Arc::new(LoopbackWay::new(LoopbackSettings {
        latency_ms_max: 1,
        faults_percent,
        ..LoopbackSettings::with_seed(seed)
    }))
}

fn looped(warehouse: &Warehouse, way: &Arc<LoopbackWay>) -> Loopback<dyn Inventory> {
    Loopback::around(warehouse.watched.clone(), way.clone(), Arc::new(SystemIds))
}

#[test]
fn whatever_another_process_would_survive_is_survived_and_every_fault_strikes() {
    let warehouse = Warehouse::open();
    let way = way(7, 50);
    let inventory = looped(&warehouse, &way);
    for number in 1..=40_u32 {
        let cx = under_key(&format!("delivery-{number}"));
        let level = inventory.handle(&cx, delivery(product(1), 1)).unwrap();
        assert_eq!(level.on_hand, i64::from(number), "each delivery counts once");
        assert!(!cx.was_replayed());
        assert!(
            inventory
                .handle(&operator(), GetStock { product_id: product(1) })
                .is_ok()
        );
        assert_eq!(inventory.handle(&operator(), reservation(product(1), 1)), Ok(()));
    }
    assert_eq!(
        warehouse.watched.times("inventory.reserve_stock"),
        40,
        "a command without a key is carried out once each time"
    );
    for fault in [LoopbackFault::NotDelivered, LoopbackFault::AnswerLost] {
        assert!(way.struck(fault) > 10, "{fault:?} struck {} times", way.struck(fault));
    }
    let carried_out = warehouse.watched.times("inventory.change_stock");
    assert!(
        carried_out > 40,
        "answers were lost, and asked for again: {carried_out}"
    );
}

#[test]
fn the_same_seed_makes_the_same_attempts() {
    let attempts = |seed| {
        let warehouse = Warehouse::open();
        let inventory = looped(&warehouse, &way(seed, 50));
        for number in 1..=20 {
            let cx = under_key(&format!("delivery-{number}"));
            inventory.handle(&cx, delivery(product(1), 1)).unwrap();
        }
        warehouse.watched.times("inventory.change_stock")
    };
    assert_eq!(attempts(3), attempts(3));
    let others = [4, 5, 6, 7].map(attempts);
    assert!(others.iter().any(|other| *other != attempts(3)), "{others:?}");
}

#[test]
fn without_mercy_a_command_may_be_left_with_an_unknown_outcome() {
    let warehouse = Warehouse::open();
    let way = Arc::new(LoopbackWay::new(LoopbackSettings {
        faults_percent: 100,
        latency_ms_max: 0,
        merciless: true,
        ..LoopbackSettings::with_seed(1)
    }));
    let inventory = looped(&warehouse, &way);
    let outcomes: Vec<_> = (0..20)
        .map(|_call| inventory.handle(&operator(), reservation(product(1), 1)))
        .collect();
    assert!(outcomes.contains(&Err(Failure::Timeout)), "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_err));
}

#[test]
fn what_arrives_is_what_would_travel_and_takes_its_time() {
    let warehouse = Warehouse::open();
    let inventory = looped(&warehouse, &way(1, 0));
    let sent: CallContext = under_key("a-key");
    inventory.handle(&sent, delivery(product(1), 2)).unwrap();
    let again = under_key("a-key");
    inventory.handle(&again, delivery(product(1), 2)).unwrap();
    assert_eq!((sent.was_replayed(), again.was_replayed()), (false, true));
    let arrived = warehouse.watched.asked().remove(0).cx;
    assert_eq!(arrived.principal, sent.principal);
    assert_eq!(arrived.idempotency_key, sent.idempotency_key);
    assert!(!arrived.was_replayed(), "only what the messages say is shared");
    assert!(arrived.deadline.remaining() <= sent.deadline.remaining() + Duration::from_millis(1));

    let slow = Arc::new(LoopbackWay::new(LoopbackSettings {
        latency_ms_max: 20,
        faults_percent: 0,
        ..LoopbackSettings::with_seed(1)
    }));
    let inventory = looped(&warehouse, &slow);
    let started = Instant::now();
    for _call in 0..20 {
        inventory
            .handle(&operator(), GetStock { product_id: product(1) })
            .unwrap();
    }
    assert!(started.elapsed() > Duration::from_millis(50), "{:?}", started.elapsed());
}
