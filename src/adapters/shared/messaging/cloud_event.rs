//! `CloudEvents` 1.0 over AMQP in the binary content mode: the payload is the body, the envelope is the headers.
//!
//! Beside the attributes of the specification there are extensions: `sequence` (that of the registered extension: the
//! place in the log), `previoussequence` (the place of the event before: the chain by which a reader knows that nothing
//! is missing), `correlationid`, `traceparent` (that of the registered extension) and `dataversion`.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{IgnoredAny, IntoDeserializer};

use super::names::routing_key;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::shared::event_publisher::PublishError;
use crate::ports::shared::events::{EventRecord, LoggedEvent};

/// Prefix of an attribute as a header (`CloudEvents` AMQP protocol binding 1.0, section 3.1.3.1).
const PREFIX: &str = "cloudEvents:";
const SPEC_VERSION: &str = "1.0";
const CONTENT_TYPE: &str = "application/json";
/// AMQP's code for a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// An event as it is published.
pub(super) struct Outgoing {
    pub(super) routing_key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) body: Vec<u8>,
}

/// An event as it arrives, with its link to the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    /// The place of the event before it in the log.
    pub(super) previous: i64,
    pub(super) logged: LoggedEvent,
}

/// Why a message is none of our events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{attribute} {reason}")]
pub(super) struct Malformed {
    attribute: &'static str,
    reason: String,
}

/// `source` of the events of a context.
fn source(context: &str) -> String {
    format!("/banyan/{context}")
}

/// Wraps an event of `context`; `previous` is the place of the one before it.
pub(super) fn encode(context: &str, previous: i64, logged: &LoggedEvent) -> Result<Outgoing, PublishError> {
    let event = &logged.event;
    let mut headers = FieldTable::default();
    let mut put = |attribute: &str, value: String| {
        // Attributes are constants of this file, far shorter than the 255 bytes of a short string.
        headers.insert(
            format!("{PREFIX}{attribute}").into(),
            AMQPValue::LongString(value.into()),
        );
    };
    put("specversion", SPEC_VERSION.to_owned());
    put("id", event.event_id.to_string());
    put("source", source(context));
    put("type", event.event_type.clone());
    put("subject", event.subject.clone());
    put("time", event.occurred_at.to_string());
    put("sequence", logged.seq.to_string());
    put("previoussequence", previous.to_string());
    put("dataversion", event.version.to_string());
    put("correlationid", event.correlation_id.to_string());
    if let Some(trace_parent) = &event.trace_parent {
        put("traceparent", trace_parent.clone());
    }
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(event.event_id.to_string())?)
        .with_timestamp(u64::try_from(event.occurred_at.unix_seconds()).unwrap_or(0))
        .with_headers(headers);
    Ok(Outgoing {
        routing_key: short(routing_key(context, &event.event_type))?,
        properties,
        body: event.payload.clone().into_bytes(),
    })
}

fn short(text: String) -> Result<ShortString, PublishError> {
    ShortString::try_new(text).map_err(|error| PublishError::Unfit(error.to_string()))
}

/// Unwraps an event that must be one of `context`.
pub(super) fn decode(context: &str, properties: &BasicProperties, body: Vec<u8>) -> Result<Linked, Malformed> {
    let headers = Headers(properties.headers().as_ref());
    headers.equals("specversion", SPEC_VERSION)?;
    headers.equals("source", &source(context))?;
    if properties.content_type().as_ref().map(ShortString::as_str) != Some(CONTENT_TYPE) {
        return Err(malformed("datacontenttype", format!("is not {CONTENT_TYPE}")));
    }
    let seq: i64 = headers.parsed("sequence")?;
    let previous: i64 = headers.parsed("previoussequence")?;
    if previous < 0 || seq <= previous {
        return Err(malformed("sequence", format!("{seq} does not follow {previous}")));
    }
    let event = EventRecord {
        event_id: headers.parsed("id")?,
        event_type: headers.text("type")?.to_owned(),
        version: headers.parsed("dataversion")?,
        subject: headers.text("subject")?.to_owned(),
        payload: payload(body)?,
        occurred_at: time(headers.text("time")?)?,
        correlation_id: headers.parsed("correlationid")?,
        trace_parent: headers.find("traceparent")?.map(str::to_owned),
    };
    Ok(Linked {
        previous,
        logged: LoggedEvent { seq, event },
    })
}

fn payload(body: Vec<u8>) -> Result<String, Malformed> {
    let text = String::from_utf8(body).map_err(|error| malformed("data", error.utf8_error().to_string()))?;
    // JSON and nothing behind it; what it says is the consumer's affair.
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_json) => Ok(text),
        Err(error) => Err(malformed("data", format!("is not JSON: {error}"))),
    }
}

fn time(text: &str) -> Result<Timestamp, Malformed> {
    let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
    Timestamp::deserialize(text).map_err(|error| malformed("time", error.to_string()))
}

fn malformed(attribute: &'static str, reason: impl Into<String>) -> Malformed {
    Malformed {
        attribute,
        reason: reason.into(),
    }
}

struct Headers<'m>(Option<&'m FieldTable>);

impl<'m> Headers<'m> {
    fn find(&self, attribute: &'static str) -> Result<Option<&'m str>, Malformed> {
        let name = format!("{PREFIX}{attribute}");
        match self.0.and_then(|table| table.inner().get(name.as_str())) {
            None => Ok(None),
            Some(AMQPValue::LongString(value)) => std::str::from_utf8(value.as_bytes())
                .map(Some)
                .map_err(|error| malformed(attribute, error.to_string())),
            Some(other) => Err(malformed(attribute, format!("is of type {:?}", other.get_type()))),
        }
    }

    fn text(&self, attribute: &'static str) -> Result<&'m str, Malformed> {
        self.find(attribute)?
            .filter(|value| !value.is_empty())
            .ok_or_else(|| malformed(attribute, "is missing"))
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, attribute: &'static str) -> Result<T, Malformed> {
        self.text(attribute)?
            .parse()
            .map_err(|error: T::Err| malformed(attribute, error.to_string()))
    }

    fn equals(&self, attribute: &'static str, expected: &str) -> Result<(), Malformed> {
        let found = self.text(attribute)?;
        if found == expected {
            Ok(())
        } else {
            Err(malformed(attribute, format!("is {found:?} and not {expected:?}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn logged() -> LoggedEvent {
        LoggedEvent {
            seq: 12,
            event: EventRecord {
                event_id: Uuid::from_u128(3).into(),
                event_type: "inventory.reserved".into(),
                version: 2,
                subject: "prd_1".into(),
                payload: "{\"quantity\":1}".into(),
                occurred_at: Timestamp::from_unix_seconds(1_767_225_600).unwrap().plus_ms(7),
                correlation_id: Uuid::from_u128(5).into(),
                trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
            },
        }
    }

    fn sent() -> Outgoing {
        encode("inventory", 9, &logged()).unwrap()
    }

    /// The message with one header changed, or removed.
    fn with(attribute: &str, value: Option<AMQPValue>) -> Result<Linked, Malformed> {
        let sent = sent();
        let mut headers = sent.properties.headers().as_ref().unwrap().inner().clone();
        let name: ShortString = format!("{PREFIX}{attribute}").into();
        match value {
            Some(value) => headers.insert(name, value),
            None => headers.remove(&name),
        };
        decode("inventory", &sent.properties.with_headers(headers.into()), sent.body)
    }

    #[test]
    fn an_event_comes_back_as_it_was_sent() {
        for trace_parent in [logged().event.trace_parent, None] {
            let mut logged = logged();
            logged.event.trace_parent = trace_parent;
            let sent = encode("inventory", 9, &logged).unwrap();
            assert_eq!(sent.routing_key.as_str(), "inventory.inventory.reserved");
            let received = decode("inventory", &sent.properties, sent.body).unwrap();
            assert_eq!(received, Linked { previous: 9, logged });
        }
    }

    #[test]
    fn the_envelope_is_that_of_cloud_events() {
        let sent = sent();
        let headers: Vec<String> = sent
            .properties
            .headers()
            .as_ref()
            .unwrap()
            .into_iter()
            .map(|(name, value)| format!("{name} = {}", value.as_long_string().unwrap()))
            .collect();
        insta::assert_debug_snapshot!((
            sent.properties.content_type(),
            sent.properties.message_id(),
            sent.properties.delivery_mode(),
            sent.properties.timestamp(),
            headers,
            String::from_utf8(sent.body).unwrap(),
        ));
    }

    #[test]
    fn what_lacks_an_attribute_is_refused() {
        let needed = [
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "time",
            "sequence",
            "previoussequence",
            "dataversion",
            "correlationid",
        ];
        for attribute in needed {
            assert_eq!(
                with(attribute, None).unwrap_err().to_string(),
                format!("{attribute} is missing")
            );
        }
    }

    #[test]
    fn an_attribute_that_makes_no_sense_is_refused() {
        let nonsense = [
            ("specversion", "0.3"),
            ("id", "evt_x"),
            ("source", "/banyan/orders"),
            ("time", "yesterday"),
            ("sequence", "9"),
            ("sequence", "many"),
            ("previoussequence", "-1"),
            ("dataversion", "1.5"),
            ("correlationid", "a b"),
        ];
        for (attribute, value) in nonsense {
            let refused = with(attribute, Some(AMQPValue::LongString(value.into()))).unwrap_err();
            let named = if attribute == "previoussequence" {
                "sequence"
            } else {
                attribute
            };
            assert_eq!(refused.attribute, named, "{refused}");
        }
        assert!(with("subject", Some(AMQPValue::LongInt(1))).is_err());
        assert!(with("subject", Some(AMQPValue::LongString(vec![0xff].into()))).is_err());
    }

    #[test]
    fn a_body_that_is_no_json_is_refused() {
        for body in [&b""[..], b"{", b"{} {}", &[0xff, 0xfe]] {
            let refused = decode("inventory", &sent().properties, body.to_vec()).unwrap_err();
            assert_eq!(refused.attribute, "data");
        }
        let plain = sent().properties.with_content_type("text/plain".into());
        assert!(decode("inventory", &plain, b"{}".to_vec()).is_err());
        assert!(decode("inventory", &BasicProperties::default(), b"{}".to_vec()).is_err());
    }
}
