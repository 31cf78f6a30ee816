//! `GET /api/v1/asyncapi.json`, `banyan asyncapi`.

use std::collections::BTreeSet;
use std::process::Command;

use banyan::app::bootstrap::{asyncapi, contracts};
use serde_json::{Map, Value};

use super::openapi::assert_references_lead_somewhere;
use crate::support::app::{On, TestApp};

fn members<'v>(document: &'v Value, path: &str) -> &'v Map<String, Value> {
    document.pointer(path).and_then(Value::as_object).unwrap()
}

#[test]
fn the_document_changes_only_on_purpose() {
    insta::assert_json_snapshot!(asyncapi::document());
}

#[test]
fn every_event_of_every_context_has_a_channel_a_message_and_an_operation() {
    let document = asyncapi::document();
    let events: BTreeSet<String> = contracts::all()
        .into_iter()
        .flat_map(|contract| contract.events.into_keys())
        .collect();
    let keys = |path| members(&document, path).keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(keys("/channels"), events);
    assert_eq!(keys("/components/messages"), events);
    let sent = events.iter().map(|event| format!("send.{event}")).collect();
    assert_eq!(keys("/operations"), sent);
}

#[test]
fn every_reference_leads_somewhere() {
    assert!(assert_references_lead_somewhere(&asyncapi::document()) > 50);
}

/// The rules of the specification 3.0.0 that a reference that leads somewhere does not yet keep.
#[test]
fn the_parts_refer_to_each_other_as_the_specification_demands() {
    let document = asyncapi::document();
    assert_eq!(document["asyncapi"], "3.0.0");
    for required in [
        "/info/title",
        "/info/version",
        "/servers/broker/host",
        "/servers/broker/protocol",
    ] {
        assert!(document.pointer(required).is_some_and(Value::is_string), "{required}");
    }
    let mut addresses = BTreeSet::new();
    for (name, channel) in members(&document, "/channels") {
        assert!(
            addresses.insert(channel["address"].as_str().unwrap()),
            "{name} shares its address"
        );
        assert!(
            !channel["messages"].as_object().unwrap().is_empty(),
            "{name} has no message"
        );
        assert_eq!(channel["servers"][0]["$ref"], "#/servers/broker");
        let amqp = &channel["bindings"]["amqp"];
        assert_eq!(
            (&amqp["is"], &amqp["exchange"]["type"]),
            (&"routingKey".into(), &"topic".into())
        );
    }
    for (name, operation) in members(&document, "/operations") {
        assert_eq!(operation["action"], "send", "{name}");
        let channel = operation["channel"]["$ref"].as_str().unwrap();
        assert!(channel.starts_with("#/channels/"), "{name}");
        let messages = operation["messages"].as_array().unwrap();
        assert!(!messages.is_empty(), "{name}");
        for message in messages {
            let of_the_channel = format!("{channel}/messages/");
            assert!(message["$ref"].as_str().unwrap().starts_with(&of_the_channel), "{name}");
        }
    }
    for (name, message) in members(&document, "/components/messages") {
        assert_eq!(message["name"], name.as_str());
        assert_eq!(message["headers"]["type"], "object", "{name}");
        assert!(!message["summary"].as_str().unwrap().is_empty(), "{name}");
        assert!(message["payload"]["$ref"].is_string(), "{name}");
    }
}

/// Keys of the components, and nothing beside a reference where a payload's schema is read as draft 07.
#[test]
fn the_schemas_are_of_the_dialect_that_the_specification_names() {
    fn check(schema: &Value) {
        match schema {
            Value::Object(keywords) => {
                assert!(!keywords.contains_key("$ref") || keywords.len() == 1, "{schema}");
                assert!(
                    !keywords.contains_key("prefixItems") && !keywords.contains_key("$defs"),
                    "{schema}"
                );
                keywords.values().for_each(check);
            }
            Value::Array(schemas) => schemas.iter().for_each(check),
            _ => {}
        }
    }
    let document = asyncapi::document();
    for kind in ["/components/schemas", "/components/messages"] {
        for (name, schema) in members(&document, kind) {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            assert!(name.chars().all(allowed), "{name}");
            check(schema);
        }
    }
}

#[test]
fn the_document_is_served_and_printed() {
    let app = TestApp::start(On::Sqlite);
    let served = app.get("/api/v1/asyncapi.json").send();
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.expect(200), asyncapi::document());
    let printed = Command::new(env!("CARGO_BIN_EXE_banyan"))
        .env_clear()
        .arg("asyncapi")
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed, asyncapi::document());
}
