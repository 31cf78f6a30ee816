//! Contracts on their way between processes.

use banyan::app::bootstrap::contracts;
use banyan::ports::orders::operations::Orders;
use banyan::ports::shared::contract::Contract;
use serde_json::{Value, json};

fn orders() -> Contract {
    Contract::of::<dyn Orders>()
}

fn changed_orders(change: impl FnOnce(&mut Value)) -> Contract {
    let mut json = serde_json::to_value(orders()).unwrap();
    change(&mut json);
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_contract_survives_the_journey_and_a_digest_tells_two_apart() {
    let all = contracts::all();
    for contract in &all {
        let arrived: Contract = serde_json::from_str(&serde_json::to_string(contract).unwrap()).unwrap();
        assert_eq!(&arrived, contract);
        assert_eq!(arrived.digest(), contract.digest());
        assert_eq!(contract.digest().len(), 64);
        assert!(contract.refusals_of(&arrived).is_empty());
        assert!(contract.event_refusals_of(&arrived).is_empty());
        let same_digest = all.iter().filter(|other| other.digest() == contract.digest());
        assert_eq!(same_digest.count(), 1, "{}", contract.context);
    }
}

#[test]
fn a_contract_holds_every_operation_and_every_event() {
    let contract = orders();
    assert!(contract.operations.keys().eq([
        "orders.audit_orders",
        "orders.audit_sagas",
        "orders.cancel_order",
        "orders.discard_dead_letter",
        "orders.get_dead_letter",
        "orders.get_order",
        "orders.get_order_details",
        "orders.list_dead_letters",
        "orders.list_orders",
        "orders.place_order",
        "orders.replay_dead_letter",
        "orders.resume_sagas",
        "orders.set_order_status",
    ]));
    assert!(contract.events.keys().eq([
        "order.cancelled",
        "order.confirmed",
        "order.created",
        "order.delivered",
        "order.shipped",
    ]));
}

#[test]
fn a_caller_is_refused_only_what_the_peer_does_not_understand() {
    let peer = changed_orders(|json| {
        json["operations"]
            .as_object_mut()
            .unwrap()
            .remove("orders.cancel_order");
        json["operations"]["orders.newer"] = json["operations"]["orders.get_order"].clone();
        json["$defs"]["ResumeSagas"]["properties"]["limit"] = json!({"type": "string"});
        json["$defs"]["OrderShipped"]["properties"]["customer_id"] = json!({"type": "integer"});
    });
    let refused = orders().refusals_of(&peer);
    assert!(
        refused.keys().eq(["orders.cancel_order", "orders.resume_sagas"]),
        "{refused:?}"
    );
    assert_eq!(
        refused["orders.resume_sagas"][0].to_string(),
        "request.limit: may be an integer, and the reader takes only a string"
    );
    let unread = orders().event_refusals_of(&peer);
    assert!(unread.keys().eq(["order.shipped"]), "{unread:?}");
}

#[test]
fn a_peer_without_a_type_that_it_refers_to_is_refused() {
    let peer = changed_orders(|json| {
        json["$defs"].as_object_mut().unwrap().remove("Order");
        json["$defs_written"].as_object_mut().unwrap().remove("Order");
    });
    assert!(orders().refusals_of(&peer).contains_key("orders.get_order"));
}
