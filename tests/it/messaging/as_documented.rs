//! What is published is what the AsyncAPI document says.

use std::collections::BTreeSet;

use banyan::adapters::shared::messaging::broker_url::BrokerUrl;
use banyan::adapters::shared::messaging::publisher::AmqpPublisher;
use banyan::app::bootstrap::asyncapi;
use banyan::ports::shared::event_publisher::EventPublisher;
use banyan::ports::shared::events::{EventRecord, LoggedEvent};
use lapin::message::Delivery;
use lapin::options::{BasicGetOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use serde_json::Value;

use super::two_processes::{STOPS_WITHIN, eventually};
use crate::shared::event_log;
use crate::support::broker::{TestBroker, on_a_channel, url};

/// An event as it arrives at a queue that is bound to the address of its channel, and the exchange's name by default.
fn published(context: &str, event: EventRecord, address: &str) -> Delivery {
    let broker = TestBroker::with(&[]);
    let publisher = AmqpPublisher::start(&BrokerUrl::parse(&url()).unwrap(), &broker.names).unwrap();
    eventually("the publisher connects", || publisher.is_connected());
    let exchange = broker.names.events();
    let logged = LoggedEvent { seq: 12, event };
    let delivery = on_a_channel(async |channel| {
        let exclusive = QueueDeclareOptions {
            exclusive: true,
            ..QueueDeclareOptions::default()
        };
        let queue = channel
            .queue_declare("".into(), exclusive, FieldTable::default())
            .await
            .unwrap();
        let name = queue.name().clone();
        let options = QueueBindOptions::default();
        channel
            .queue_bind(
                name.clone(),
                exchange.as_str().into(),
                address.into(),
                options,
                FieldTable::default(),
            )
            .await
            .unwrap();
        publisher.publish(context, 9, &[logged]).unwrap();
        let options = BasicGetOptions { no_ack: true };
        channel
            .basic_get(name, options)
            .await
            .unwrap()
            .expect("it is routed by the address")
            .delivery
    });
    assert!(publisher.stop(STOPS_WITHIN));
    delivery
}

fn names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn an_event_travels_as_the_asyncapi_document_says() {
    let document = asyncapi::document();
    let channel = &document["channels"]["order.cancelled"];
    let event = EventRecord {
        event_type: "order.cancelled".to_owned(),
        ..event_log::event(1)
    };
    let delivery = published("orders", event, channel["address"].as_str().unwrap());

    let exchange = delivery.exchange.as_str();
    let by_default = channel["bindings"]["amqp"]["exchange"]["name"].as_str().unwrap();
    assert_eq!(exchange.rsplit('.').next(), by_default.rsplit('.').next());
    assert_eq!(by_default, "banyan.events");

    let headers = delivery.properties.headers().clone().unwrap();
    let sent: BTreeSet<&str> = headers.inner().keys().map(ShortString::as_str).collect();
    let envelope = &document["components"]["schemas"]["CloudEvent"];
    assert_eq!(
        sent,
        names(&envelope["properties"]),
        "with a trace, there is every attribute"
    );
    let mut required = sent.clone();
    required.remove("cloudEvents:traceparent");
    assert_eq!(required, names(&envelope["required"]));

    let message = &document["components"]["messages"]["order.cancelled"];
    let fixed = message["headers"]["properties"].as_object().unwrap();
    for (name, schema) in fixed {
        let sent = headers.inner()[name.as_str()].as_long_string().unwrap().to_string();
        assert_eq!(schema["const"], sent.as_str(), "{name}");
    }
    let content_type = delivery.properties.content_type().as_ref().unwrap().as_str();
    assert_eq!(message["contentType"], content_type);
    let operation = &document["operations"]["send.order.cancelled"]["bindings"]["amqp"];
    assert_eq!(
        operation["deliveryMode"].as_u64(),
        delivery.properties.delivery_mode().map(u64::from)
    );
    assert_eq!(
        operation["timestamp"].as_bool(),
        Some(delivery.properties.timestamp().is_some())
    );
}
