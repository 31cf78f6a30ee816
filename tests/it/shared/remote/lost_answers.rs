//! Peers that go away, come back, and answers that get lost on the way.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use banyan::adapters::shared::circuit_breaker::BreakerState;
use banyan::adapters::shared::remote::handler::Remote;
use banyan::adapters::shared::system::SystemIds;
use banyan::ports::inventory::operations::{GetStock, Inventory};
use banyan::ports::shared::call_context::Deadline;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::{Warehouse, delivery, operator, product, reservation, under_key};
use crate::support::app::eventually;
use crate::support::internal_server::{InternalServer, offering, peer_at, remote_at};
use crate::support::lossy_proxy::{Loss, LossyProxy};

fn stock() -> GetStock {
    GetStock { product_id: product(1) }
}

/// Inventory behind a proxy: it has been called before, so that what is lost from now on are answers to calls.
fn acquainted(proxy: &LossyProxy) -> Remote<dyn Inventory> {
    let inventory = remote_at::<dyn Inventory>(proxy.address);
    inventory.handle(&operator(), stock()).unwrap();
    inventory
}

#[test]
fn a_command_without_a_key_whose_answer_is_lost_is_carried_out_once_and_its_outcome_unknown() {
    for loss in [Loss::Whole, Loss::Half] {
        let warehouse = Warehouse::open();
        let proxy = LossyProxy::before(warehouse.server.address);
        let inventory = acquainted(&proxy);
        inventory.handle(&under_key("first"), delivery(product(1), 7)).unwrap();
        proxy.lose(loss, 1);
        let held = inventory.handle(&operator(), reservation(product(1), 5));
        assert_eq!(held, Err(Failure::Timeout), "{loss:?}");
        assert_eq!(proxy.left_to_lose(), 0);
        assert_eq!(warehouse.watched.times("inventory.reserve_stock"), 1, "{loss:?}");
    }
}

#[test]
fn a_command_under_a_key_whose_answers_are_lost_has_one_effect_and_its_answer() {
    for loss in [Loss::Whole, Loss::Half] {
        let warehouse = Warehouse::open();
        let proxy = LossyProxy::before(warehouse.server.address);
        let inventory = acquainted(&proxy);
        proxy.lose(loss, 2);
        let cx = under_key("first");
        let level = inventory.handle(&cx, delivery(product(1), 7)).unwrap();
        assert_eq!(level.on_hand, 7);
        assert!(!cx.was_replayed(), "the lost answer was to this very call");
        assert_eq!(warehouse.watched.times("inventory.change_stock"), 3);
        assert_eq!(warehouse.on_hand(product(1)), 7);
    }
}

#[test]
fn a_command_under_a_key_that_is_lost_for_good_has_an_unknown_outcome() {
    let warehouse = Warehouse::open();
    let proxy = LossyProxy::before(warehouse.server.address);
    let inventory = acquainted(&proxy);
    proxy.lose(Loss::Whole, 3);
    assert_eq!(
        inventory.handle(&under_key("first"), delivery(product(1), 7)),
        Err(Failure::Timeout)
    );
    assert_eq!(warehouse.on_hand(product(1)), 7, "it was carried out, once");
}

#[test]
fn a_query_whose_answers_are_lost_is_asked_again() {
    let warehouse = Warehouse::open();
    let proxy = LossyProxy::before(warehouse.server.address);
    let inventory = acquainted(&proxy);
    proxy.lose(Loss::Whole, 2);
    assert_eq!(inventory.handle(&operator(), stock()), Ok(Vec::new()));
    assert_eq!(warehouse.watched.times("inventory.get_stock"), 1 + 3);
    proxy.lose(Loss::Half, 3);
    assert_eq!(inventory.handle(&operator(), stock()), Err(Failure::Unavailable));
}

#[test]
fn a_silent_peer_costs_no_more_than_the_deadline() {
    let warehouse = Warehouse::open();
    let proxy = LossyProxy::before(warehouse.server.address);
    let inventory = acquainted(&proxy);
    proxy.lose(Loss::Silence, 1);
    let started = Instant::now();
    let cx = operator().with_deadline(Deadline::after(Duration::from_millis(200)));
    assert_eq!(inventory.handle(&cx, stock()), Err(Failure::Timeout));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_peer_that_is_away_is_found_out_fast_and_works_when_it_is_back() {
    let warehouse = Warehouse::open();
    let address = nobody();
    let inventory = remote_at::<dyn Inventory>(address);
    let started = Instant::now();
    for _call in 0..3 {
        assert_eq!(inventory.handle(&operator(), stock()), Err(Failure::Unavailable));
        let delivered = inventory.handle(&under_key("first"), delivery(product(1), 7));
        assert_eq!(delivered, Err(Failure::Unavailable));
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let _server = InternalServer::start_at(address, offering::<dyn Inventory>(warehouse.watched.clone()));
    eventually("the peer is asked again", || {
        inventory.handle(&under_key("second"), delivery(product(1), 7)).is_ok()
    });
    assert_eq!(warehouse.on_hand(product(1)), 7);
}

#[test]
fn a_peer_that_stays_away_is_left_alone_and_tried_with_one_call() {
    let warehouse = Warehouse::open();
    let proxy = LossyProxy::before(warehouse.server.address);
    let peer = peer_at(proxy.address);
    let inventory = Remote::<dyn Inventory>::at(peer.clone(), std::sync::Arc::new(SystemIds));
    inventory.handle(&operator(), stock()).unwrap();
    proxy.lose(Loss::Whole, usize::MAX);
    for _call in 0..5 {
        assert_eq!(
            inventory.handle(&operator(), reservation(product(1), 1)),
            Err(Failure::Timeout)
        );
    }
    assert_eq!(peer.breaker().state(), BreakerState::Open);
    let connections = proxy.connections();
    for _call in 0..20 {
        assert_eq!(
            inventory.handle(&operator(), reservation(product(1), 1)),
            Err(Failure::Unavailable),
            "nothing is sent"
        );
    }
    assert_eq!(proxy.connections(), connections);
    proxy.lose(Loss::Whole, 0);
    eventually("the breaker closes", || inventory.handle(&operator(), stock()).is_ok());
    assert_eq!(
        (peer.breaker().state(), peer.breaker().times_opened()),
        (BreakerState::Closed, 1)
    );
}

#[test]
fn business_outcomes_do_not_open_the_breaker() {
    let warehouse = Warehouse::open();
    let peer = peer_at(warehouse.server.address);
    let inventory = Remote::<dyn Inventory>::at(peer.clone(), std::sync::Arc::new(SystemIds));
    for _call in 0..25 {
        let held = inventory.handle(&operator(), reservation(product(1), 1));
        assert!(matches!(held, Err(Failure::Domain(_))));
    }
    assert_eq!(peer.breaker().state(), BreakerState::Closed);
}

#[test]
fn a_restart_between_two_calls_is_not_noticed() {
    let warehouse = Warehouse::open();
    let server = InternalServer::start(offering::<dyn Inventory>(warehouse.watched.clone()));
    let address = server.address;
    let inventory = remote_at::<dyn Inventory>(address);
    let mut server = Some(server);
    for round in 1..=5_i64 {
        inventory
            .handle(&under_key(&format!("delivery-{round}")), delivery(product(1), 1))
            .unwrap();
        drop(server.take());
        server = Some(InternalServer::start_at(
            address,
            offering::<dyn Inventory>(warehouse.watched.clone()),
        ));
        // A command without a key: had the kept connection been taken for alive, its outcome would be unknown now.
        let reserved = inventory.handle(&operator(), reservation(product(1), 1));
        assert_eq!(reserved, Ok(()), "after restart {round}");
    }
    assert_eq!(warehouse.watched.times("inventory.change_stock"), 5);
    assert_eq!(warehouse.watched.times("inventory.reserve_stock"), 5);
}
