//! That the check of `contracts.rs` bites: every way to break a contract, tried on the real ones.

use banyan::app::bootstrap::contracts;
use banyan::ports::shared::contract::Contract;
use banyan::ports::shared::contract::release::Direction::{
    self, NewCallerOldServer, NewLogOldConsumer, OldCallerNewServer, OldLogNewConsumer,
};
use banyan::ports::shared::contract::release::breaches;
use serde_json::{Map, Value, json};

/// A change of a contract's JSON.
type Change = fn(&mut Value);
/// What it breaks: which message, for whom, where.
type Broken = (&'static str, Direction, &'static str);

fn contract_of(context: &str) -> Contract {
    let mut all = contracts::all().into_iter();
    all.find(|contract| contract.context == context).unwrap()
}

fn changed(context: &str, change: Change) -> Contract {
    let mut json = serde_json::to_value(contract_of(context)).unwrap();
    let before = json.clone();
    change(&mut json);
    assert_ne!(json, before, "the change changes nothing");
    serde_json::from_value(json).unwrap()
}

/// Changes a type as it is read and, where that is another, as it is written.
fn change_type(contract: &mut Value, name: &str, change: impl Fn(&mut Value)) {
    let mut found = false;
    for types in ["$defs", "$defs_written"] {
        if let Some(schema) = contract.get_mut(types).and_then(|types| types.get_mut(name)) {
            change(schema);
            found = true;
        }
    }
    assert!(found, "there is no type {name}");
}

fn properties(schema: &mut Value) -> &mut Map<String, Value> {
    schema["properties"].as_object_mut().unwrap()
}

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}

fn require(schema: &mut Value, name: &str) {
    let required = schema["required"].as_array_mut().unwrap();
    if !required.contains(&json!(name)) {
        required.push(json!(name));
    }
}

fn do_not_require(schema: &mut Value, name: &str) {
    schema["required"].as_array_mut().unwrap().retain(|known| known != name);
}

fn check(what: &str, context: &str, change: Change, broken: &[Broken]) {
    let found = breaches(&contract_of(context), &changed(context, change));
    let is_found = |(message, direction, path): &Broken| {
        found.iter().any(|breach| {
            (
                breach.message.as_str(),
                breach.direction,
                breach.incompatibility.path.as_str(),
            ) == (*message, *direction, *path)
        })
    };
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    for expected in broken {
        assert!(
            is_found(expected),
            "{what}: {expected:?} is not among\n{}",
            texts.join("\n")
        );
    }
    let directions = |direction| broken.iter().any(|(_, broken, _)| *broken == direction);
    for breach in &found {
        assert!(directions(breach.direction), "{what}: unexpected {breach}");
    }
}

#[test]
fn a_field_that_others_need_neither_goes_nor_changes() {
    check(
        "a field of a reply is removed",
        "orders",
        |contract| {
            change_type(contract, "Order", |order| {
                properties(order).remove("total");
                do_not_require(order, "total");
            });
        },
        &[
            ("orders.get_order", OldCallerNewServer, "reply.total"),
            ("orders.list_orders", OldCallerNewServer, "reply.items[].total"),
        ],
    );
    check(
        "a field is renamed",
        "payments",
        |contract| {
            change_type(contract, "Payment", |payment| {
                let amount = properties(payment).remove("amount").unwrap();
                properties(payment).insert("total".to_owned(), amount);
                do_not_require(payment, "amount");
                require(payment, "total");
            });
        },
        &[
            ("payments.get_payment", OldCallerNewServer, "reply.amount"),
            ("payments.get_payment", NewCallerOldServer, "reply.total"),
        ],
    );
    check(
        "a type is changed",
        "inventory",
        |contract| {
            change_type(contract, "StockLevel", |level| {
                properties(level)["on_hand"] = json!({"type": "string"});
            });
        },
        &[
            ("inventory.get_stock", OldCallerNewServer, "reply[].on_hand"),
            ("inventory.get_stock", NewCallerOldServer, "reply[].on_hand"),
        ],
    );
    check(
        "what is accepted is narrowed",
        "inventory",
        |contract| change_type(contract, "Quantity", |quantity| quantity["maximum"] = json!(10)),
        &[(
            "inventory.reserve_stock",
            OldCallerNewServer,
            "request.lines[].quantity",
        )],
    );
}

#[test]
fn nothing_new_is_demanded_of_callers() {
    check(
        "a required field is added to a request",
        "orders",
        |contract| {
            change_type(contract, "PlaceOrder", |request| {
                properties(request).insert("gift_note".to_owned(), json!({"type": "string"}));
                require(request, "gift_note");
            });
        },
        &[("orders.place_order", OldCallerNewServer, "request.gift_note")],
    );
    check(
        "an optional field is made required",
        "orders",
        |contract| {
            change_type(contract, "CancelOrder", |request| {
                properties(request)["reason"] = json!({"type": "string"});
                require(request, "reason");
            });
        },
        &[("orders.cancel_order", OldCallerNewServer, "request.reason")],
    );
    check(
        "a query becomes a command",
        "identity",
        |contract| contract["operations"]["identity.get_user"]["kind"] = json!("command"),
        &[("identity.get_user", OldCallerNewServer, "kind")],
    );
}

#[test]
fn variants_neither_come_nor_go_at_once() {
    check(
        "a variant is added",
        "orders",
        |contract| {
            change_type(contract, "OrderStatus", |status| {
                status["enum"].as_array_mut().unwrap().push(json!("lost"));
            });
        },
        &[
            ("orders.get_order", OldCallerNewServer, "reply.status"),
            ("orders.set_order_status", NewCallerOldServer, "request.status"),
        ],
    );
    check(
        "a variant is removed",
        "payments",
        |contract| {
            change_type(contract, "AuthorizePaymentError", |error| {
                let variants = error["oneOf"].as_array_mut().unwrap();
                variants.retain(|variant| variant.pointer("/properties/Declined").is_none());
            });
        },
        &[("payments.authorize_payment", NewCallerOldServer, "error")],
    );
}

#[test]
fn what_is_around_every_message_is_part_of_the_contract() {
    check(
        "a way to fail is added",
        "catalog",
        |contract| {
            change_type(contract, "Failure", |failure| {
                failure["oneOf"][0]["enum"].as_array_mut().unwrap().push(json!("Tired"));
            });
        },
        &[
            ("catalog.get_product", OldCallerNewServer, "failure"),
            ("catalog.list_products", OldCallerNewServer, "failure"),
        ],
    );
    check(
        "every call needs a tenant",
        "catalog",
        |contract| {
            change_type(contract, "SentContext", |context| {
                properties(context).insert("tenant".to_owned(), json!({"type": "string"}));
                require(context, "tenant");
            });
        },
        &[("catalog.get_product", OldCallerNewServer, "context.tenant")],
    );
}

#[test]
fn operations_and_events_do_not_vanish() {
    check(
        "an operation is removed",
        "catalog",
        |contract| remove(&mut contract["operations"], "catalog.quote_products"),
        &[("catalog.quote_products", OldCallerNewServer, "")],
    );
    check(
        "a type of event is removed",
        "payments",
        |contract| remove(&mut contract["events"], "payment.completed"),
        &[("payment.completed", NewLogOldConsumer, "")],
    );
    check(
        "a field of an event is removed",
        "orders",
        |contract| {
            change_type(contract, "OrderCancelled", |event| {
                properties(event).remove("reason");
                do_not_require(event, "reason");
            });
        },
        &[("order.cancelled", NewLogOldConsumer, "payload.reason")],
    );
    check(
        "a field of an event is added that old events do not have",
        "orders",
        |contract| {
            change_type(contract, "OrderCancelled", |event| {
                properties(event).insert("by".to_owned(), json!({"type": "string"}));
                require(event, "by");
            });
        },
        &[("order.cancelled", OldLogNewConsumer, "payload.by")],
    );
}

#[test]
fn additions_break_nothing() {
    check(
        "optional fields are added to a request, a reply and an event",
        "orders",
        |contract| {
            for name in ["PlaceOrder", "Order", "OrderCreated"] {
                change_type(contract, name, |schema| {
                    properties(schema).insert("note".to_owned(), json!({"type": ["string", "null"]}));
                });
            }
        },
        &[],
    );
    check(
        "an operation and a type of event are added",
        "orders",
        |contract| {
            let operation = contract["operations"]["orders.get_order"].clone();
            contract["operations"]["orders.get_order_again"] = operation;
            let event = contract["events"]["order.created"].clone();
            contract["events"]["order.mislaid"] = event;
        },
        &[],
    );
    check(
        "what is read is widened, and what is written is not",
        "inventory",
        |contract| {
            contract["$defs_written"]["ReserveStock"] = contract["$defs"]["ReserveStock"].clone();
            contract["$defs"]["ReserveStock"]["properties"]["expires_at"] = json!({"type": "string"});
        },
        &[],
    );
}
