//! Peers of another version: what does not fit is not sent.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use banyan::adapters::shared::remote::protocol::{CONTRACT_HEADER, contract_path, operation_path};
use banyan::ports::inventory::operations::{GetStock, Inventory};
use banyan::ports::shared::contract::Contract;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use serde_json::json;

use super::{operator, product, reservation};
use crate::support::internal_server::{InternalServer, remote_at};

/// A peer that answers every operation with `[]`, by whatever contract it is given.
#[derive(Clone)]
struct OddPeer {
    contract: Arc<Mutex<Contract>>,
    asked_for_contract: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl OddPeer {
    fn with(contract: Contract) -> Self {
        Self {
            contract: Arc::new(Mutex::new(contract)),
            asked_for_contract: Arc::default(),
            asked: Arc::default(),
        }
    }

    fn start(&self) -> InternalServer {
        let peer = self.clone();
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        InternalServer::start_with(anywhere, move |config| {
            let peer = peer.clone();
            config.default_service(web::to(move |request: HttpRequest| {
                let answer = peer.answer(request.path());
                async move { answer }
            }));
        })
    }

    fn answer(&self, path: &str) -> HttpResponse {
        let contract = self.contract.lock().unwrap().clone();
        let mut answer = HttpResponse::Ok();
        answer.insert_header((CONTRACT_HEADER, contract.digest()));
        if path == contract_path("inventory") {
            self.asked_for_contract.fetch_add(1, Ordering::SeqCst);
            return answer.json(contract);
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        answer.body(r#"{"reply":[],"replayed":false}"#)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn asked_for_contract(&self) -> usize {
        self.asked_for_contract.load(Ordering::SeqCst)
    }
}

fn ours() -> Contract {
    Contract::of::<dyn Inventory>()
}

/// Of a version in which a reservation was an operation of another name.
fn without_reservations() -> Contract {
    let mut contract = ours();
    contract.operations.remove("inventory.reserve_stock").unwrap();
    contract
}

/// Of a version that asks for more than we send.
fn wanting_more() -> Contract {
    let mut contract = serde_json::to_value(ours()).unwrap();
    contract["operations"]["inventory.get_stock"]["request"] = json!({
        "type": "object",
        "properties": {"warehouse": {"type": "string"}},
        "required": ["warehouse"],
    });
    serde_json::from_value(contract).unwrap()
}

fn stock() -> GetStock {
    GetStock { product_id: product(1) }
}

#[test]
fn an_operation_that_a_peer_does_not_know_is_not_sent_and_the_others_are() {
    let peer = OddPeer::with(without_reservations());
    let server = peer.start();
    let inventory = remote_at::<dyn Inventory>(server.address);
    let held = inventory.handle(&operator(), reservation(product(1), 1));
    assert_eq!(held, Err(Failure::ContractMismatch));
    assert_eq!(peer.asked(), 0);
    assert_eq!(inventory.handle(&operator(), stock()), Ok(Vec::new()));
    assert_eq!((peer.asked(), peer.asked_for_contract()), (1, 1));
}

#[test]
fn an_operation_that_a_peer_understands_otherwise_is_not_sent() {
    let peer = OddPeer::with(wanting_more());
    let server = peer.start();
    let inventory = remote_at::<dyn Inventory>(server.address);
    assert_eq!(inventory.handle(&operator(), stock()), Err(Failure::ContractMismatch));
    assert_eq!(peer.asked(), 0);
}

#[test]
fn a_peer_is_judged_once_for_each_contract_that_it_answers_by() {
    let peer = OddPeer::with(ours());
    let server = peer.start();
    let inventory = remote_at::<dyn Inventory>(server.address);
    for _call in 0..3 {
        assert!(inventory.handle(&operator(), stock()).is_ok());
    }
    assert_eq!(peer.asked_for_contract(), 1);
    *peer.contract.lock().unwrap() = wanting_more();
    assert!(
        inventory.handle(&operator(), stock()).is_ok(),
        "the answer tells that it is another version"
    );
    assert_eq!(inventory.handle(&operator(), stock()), Err(Failure::ContractMismatch));
    assert_eq!(peer.asked_for_contract(), 2);
    *peer.contract.lock().unwrap() = ours();
    // An operation that both versions understand learns that the first is back.
    let _held = inventory.handle(&operator(), reservation(product(1), 1));
    assert!(inventory.handle(&operator(), stock()).is_ok());
    assert_eq!(peer.asked_for_contract(), 2, "both are known by now");
}

#[test]
fn a_path_of_the_protocol_names_its_operation() {
    assert_eq!(
        operation_path("inventory.get_stock"),
        "/internal/v1/inventory.get_stock"
    );
}
