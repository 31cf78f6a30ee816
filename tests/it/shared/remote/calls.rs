//! What arrives on the other side, and what comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use banyan::domains::shared::ids::UserId;
use banyan::domains::shared::role::Role;
use banyan::ports::inventory::operations::{
    CommitReservation, EndReservationError, GetStock, Inventory, ListMovements, ListMovementsError, ReserveStockError,
    Shortage,
};
use banyan::ports::orders::operations::{GetOrder, Orders};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::{Deadline, EffectMode};
use banyan::ports::shared::failure::{Failure, Never};
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::page::PageRequest;
use uuid::Uuid;

use super::{Warehouse, delivery, operator, product, reservation, under_key};
use crate::support::fixed::call;
use crate::support::internal_server::{InternalServer, offering, remote_at};
use crate::support::watched::Failing;

#[test]
fn a_context_elsewhere_answers_as_one_in_this_process() {
    let warehouse = Warehouse::open();
    let inventory: Arc<dyn Inventory> = Arc::new(warehouse.remote());
    let level = inventory.handle(&under_key("first"), delivery(product(1), 7)).unwrap();
    assert_eq!((level.product_id, level.on_hand, level.reserved), (product(1), 7, 0));
    inventory.handle(&operator(), reservation(product(1), 5)).unwrap();
    let levels = inventory
        .handle(&operator(), GetStock { product_id: product(1) })
        .unwrap();
    assert_eq!(
        levels,
        warehouse
            .watched
            .handle(&operator(), GetStock { product_id: product(1) })
            .unwrap()
    );
    assert_eq!((levels[0].on_hand, levels[0].reserved), (7, 5));
}

#[test]
fn business_outcomes_come_back_as_they_are() {
    let warehouse = Warehouse::open();
    let inventory = warehouse.remote();
    let shortage = Shortage {
        product_id: product(1),
        requested: 3,
        available: 0,
    };
    assert_eq!(
        inventory.handle(&operator(), reservation(product(1), 3)),
        Err(Failure::Domain(ReserveStockError::OutOfStock(vec![shortage])))
    );
    let commit = CommitReservation {
        reservation_id: reservation(product(1), 3).reservation_id,
    };
    assert_eq!(
        inventory.handle(&operator(), commit),
        Err(Failure::Domain(EndReservationError::NotFound))
    );
    let movements = ListMovements {
        product_id: product(1),
        page: PageRequest {
            after: Some("no cursor".to_owned()),
            ..PageRequest::first()
        },
    };
    assert_eq!(
        inventory.handle(&operator(), movements),
        Err(Failure::Domain(ListMovementsError::InvalidCursor))
    );
}

#[test]
fn every_other_failure_comes_back_as_it_is() {
    let failures: [Failure<Never>; 10] = [
        Failure::Unauthenticated,
        Failure::Forbidden,
        Failure::IdempotencyKeyMissing,
        Failure::IdempotencyKeyInFlight,
        Failure::IdempotencyKeyReused,
        Failure::Unavailable,
        Failure::Timeout,
        Failure::Overloaded,
        Failure::ContractMismatch,
        Failure::internal("only the operator may read this"),
    ];
    for failure in failures {
        let failing: Arc<dyn Inventory> = Arc::new(Failing(failure.clone()));
        let server = InternalServer::start(offering(failing));
        let inventory = remote_at::<dyn Inventory>(server.address);
        let query = inventory.handle(&operator(), GetStock { product_id: product(1) });
        assert_eq!(query, Err(failure.clone()));
        let command = inventory.handle(&under_key("a-key"), delivery(product(1), 1));
        assert_eq!(command, Err(failure.map_domain(|never| match never {})));
    }
}

#[test]
fn the_context_of_a_call_arrives_whole() {
    let warehouse = Warehouse::open();
    let user = Principal::User {
        id: UserId::from(Uuid::from_u128(5)),
        role: Role::Staff,
    };
    let mut sent = call(user);
    sent.trace_parent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    sent.idempotency_key = Some("a-\"key\"".parse().unwrap());
    sent.effect_mode = EffectMode::DryRun;
    sent.deadline = Deadline::after(Duration::from_secs(17));
    warehouse.remote().handle(&sent, delivery(product(1), 1)).unwrap();
    let arrived = warehouse.watched.asked().remove(0).cx;
    assert_eq!(arrived.principal, sent.principal);
    assert_eq!(arrived.correlation_id, sent.correlation_id);
    assert_eq!(arrived.trace_parent, sent.trace_parent);
    assert_eq!(arrived.idempotency_key, sent.idempotency_key);
    assert_eq!(arrived.effect_mode, sent.effect_mode);
    let apart = sent.deadline.remaining().abs_diff(arrived.deadline.remaining());
    assert!(apart < Duration::from_secs(5), "the deadlines are {apart:?} apart");
}

#[test]
fn who_may_ask_is_decided_where_the_context_runs() {
    let warehouse = Warehouse::open();
    let inventory = warehouse.remote();
    let customer = call(Principal::User {
        id: UserId::from(Uuid::from_u128(5)),
        role: Role::Customer,
    });
    assert_eq!(
        inventory.handle(&customer, reservation(product(1), 1)),
        Err(Failure::Forbidden)
    );
    assert_eq!(
        inventory.handle(&call(Principal::Anonymous), delivery(product(1), 1)),
        Err(Failure::Unauthenticated)
    );
}

#[test]
fn a_replay_is_noted_for_the_caller() {
    let warehouse = Warehouse::open();
    let inventory = warehouse.remote();
    let (first, second) = (under_key("same"), under_key("same"));
    let answers = [&first, &second].map(|cx| inventory.handle(cx, delivery(product(1), 7)).unwrap());
    assert_eq!(answers[0], answers[1]);
    assert_eq!((first.was_replayed(), second.was_replayed()), (false, true));
    assert_eq!(warehouse.on_hand(product(1)), 7);
}

#[test]
fn a_context_that_does_not_run_there_is_away() {
    let warehouse = Warehouse::open();
    let orders = remote_at::<dyn Orders>(warehouse.server.address);
    let order_id = reservation(product(1), 1).order_id;
    assert_eq!(
        orders.handle(&operator(), GetOrder { order_id }),
        Err(Failure::Unavailable)
    );
}

/// How long a slow peer takes.
const SLOW: Duration = Duration::from_secs(3);

#[test]
fn a_slow_peer_is_not_waited_for_beyond_the_deadline() {
    let warehouse = Warehouse::open();
    let inventory = warehouse.remote();
    let acquainted = inventory.handle(&operator(), GetStock { product_id: product(1) });
    assert_eq!(acquainted, Ok(Vec::new()));
    warehouse.watched.take(SLOW);
    let hurried = || operator().with_deadline(Deadline::after(Duration::from_millis(300)));
    let started = Instant::now();
    assert_eq!(
        inventory.handle(&hurried(), GetStock { product_id: product(1) }),
        Err(Failure::Timeout)
    );
    assert_eq!(
        inventory.handle(&hurried(), reservation(product(1), 1)),
        Err(Failure::Timeout)
    );
    assert!(started.elapsed() < SLOW, "{:?}", started.elapsed());
    let late = operator().with_deadline(Deadline::after(Duration::ZERO));
    assert_eq!(
        inventory.handle(&late, GetStock { product_id: product(1) }),
        Err(Failure::Overloaded),
        "nothing was sent"
    );
    assert_eq!(warehouse.watched.asked().len(), 1 + 2);
}
