//! The AsyncAPI 3.0 document: all that the shop tells at a broker, made from the events themselves.
//!
//! A channel is a routing key of the one topic exchange. The payload is the body; the envelope is `CloudEvents` 1.0 in
//! the binary mode of its AMQP binding, an attribute in each header.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{contexts, rooms};
use crate::adapters::shared::messaging::names::Names;
use crate::domains::shared::correlation::CorrelationId;
use crate::domains::shared::ids::EventId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::events::EventInfo;

/// Version of the AMQP bindings of AsyncAPI.
const BINDING_VERSION: &str = "0.3.0";
/// AMQP's code for a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// The document.
pub fn document() -> Value {
    let mut schemas = schemas();
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    let envelope = envelope(&mut schemas);
    for (context, info) in told() {
        let name = info.event_type;
        let payload = (info.schema)(&mut schemas).to_value();
        let about = about(&schemas, &payload);
        channels.insert(name.to_owned(), channel(context, name, &about));
        operations.insert(format!("send.{name}"), operation(name));
        messages.insert(name.to_owned(), message(context, info, &payload, &about));
    }
    let mut types = schemas.take_definitions(true);
    types.insert("CloudEvent".to_owned(), envelope);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Banyan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the shop tells. Events of one subject arrive in their order, each at least once: a \
                consumer remembers the ids that it has seen. Fields may be added to a payload; what is there stays.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "rabbitmq.example:5672",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "description": "The RabbitMQ server that `BANYAN_AMQP_URL` names.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": types},
    })
}

/// Every event, with the context that tells it.
fn told() -> impl Iterator<Item = (&'static str, &'static EventInfo)> {
    let of_each = |blueprint: rooms::Blueprint| blueprint.events.iter().map(move |info| (blueprint.name, info));
    contexts::ALL.into_iter().flat_map(of_each)
}

/// AsyncAPI's own dialect of JSON Schema is a superset of draft 07, and a payload is what is written.
fn schemas() -> SchemaGenerator {
    let settings = SchemaSettings::draft07().for_serialize();
    let settings = settings.with(|settings| settings.definitions_path = "/components/schemas".into());
    settings.into_generator()
}

/// What the documentation of a payload's type says first.
fn about(schemas: &SchemaGenerator, payload: &Value) -> String {
    let name = payload["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let payload = name.and_then(|name| schemas.definitions().get(name));
    let text = payload
        .and_then(|payload| payload["description"].as_str())
        .unwrap_or_default();
    text.to_owned()
}

fn channel(context: &str, name: &str, about: &str) -> Value {
    json!({
        "address": format!("{context}.{name}"),
        "summary": about,
        "tags": [{"name": context}],
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {name: {"$ref": format!("#/components/messages/{name}")}},
        "bindings": {"amqp": {
            "is": "routingKey",
            "exchange": {"name": Names::default().events(), "type": "topic", "durable": true, "autoDelete": false, "vhost": "/"},
            "bindingVersion": BINDING_VERSION,
        }},
    })
}

fn operation(name: &str) -> Value {
    json!({
        "action": "send",
        "channel": {"$ref": format!("#/channels/{name}")},
        "messages": [{"$ref": format!("#/channels/{name}/messages/{name}")}],
        "bindings": {"amqp": {"deliveryMode": PERSISTENT, "timestamp": true, "bindingVersion": BINDING_VERSION}},
    })
}

fn message(context: &str, info: &EventInfo, payload: &Value, about: &str) -> Value {
    json!({
        "name": info.event_type,
        "summary": about,
        "tags": [{"name": context}],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/cloudEvents:correlationid"},
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/CloudEvent"}],
            "properties": {
                "cloudEvents:source": {"const": format!("/banyan/{context}")},
                "cloudEvents:type": {"const": info.event_type},
                "cloudEvents:dataversion": {"const": info.version.to_string()},
            },
        },
        "payload": payload,
    })
}

/// The headers that all messages have in common.
fn envelope(schemas: &mut SchemaGenerator) -> Value {
    let number = json!({"type": "string", "pattern": "^[0-9]+$"});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 in the binary mode of its AMQP binding: every attribute is a header of type long \
            string.",
        "properties": {
            "cloudEvents:specversion": {"const": "1.0"},
            "cloudEvents:id": described::<EventId>(schemas, "The event. A consumer takes it in once."),
            "cloudEvents:source": {"type": "string", "description": "The context that tells it."},
            "cloudEvents:type": {"type": "string", "description": "What happened."},
            "cloudEvents:subject": {
                "type": "string",
                "description": "The id of the aggregate that it happened to: events of one subject arrive in their order.",
            },
            "cloudEvents:time": described::<Timestamp>(schemas, "When it was committed, in UTC."),
            "cloudEvents:sequence": with(&number, "Its place in the context's log: later events have larger ones."),
            "cloudEvents:previoussequence": with(
                &number,
                "The place of the event before it. Where that is not the last one seen, some are missing.",
            ),
            "cloudEvents:dataversion": with(&number, "Version of the payload."),
            "cloudEvents:correlationid": described::<CorrelationId>(schemas, "The request that caused it."),
            "cloudEvents:traceparent": {
                "type": "string",
                "description": "W3C Trace Context of that request, if it had one.",
            },
        },
        "required": [
            "cloudEvents:specversion",
            "cloudEvents:id",
            "cloudEvents:source",
            "cloudEvents:type",
            "cloudEvents:subject",
            "cloudEvents:time",
            "cloudEvents:sequence",
            "cloudEvents:previoussequence",
            "cloudEvents:dataversion",
            "cloudEvents:correlationid",
        ],
    })
}

/// The schema of a value of the kernel, under a description of its own: in draft 07 nothing stands beside a reference.
fn described<T: JsonSchema>(schemas: &mut SchemaGenerator, description: &str) -> Value {
    json!({"allOf": [schemas.subschema_for::<T>().to_value()], "description": description})
}

fn with(schema: &Value, description: &str) -> Value {
    let mut schema = schema.clone();
    if let Some(keywords) = schema.as_object_mut() {
        keywords.insert("description".to_owned(), Value::from(description));
    }
    schema
}
