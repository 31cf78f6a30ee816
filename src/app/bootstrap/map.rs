//! `banyan map`: contexts, operations, events, who calls and who listens, from the code's own tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::contexts;
use crate::ports::shared::access::Access;
use crate::ports::shared::operation::{Kind, OperationInfo};

/// The whole map.
#[derive(Debug, Serialize)]
pub struct Map {
    /// The contexts, by name.
    pub contexts: BTreeMap<&'static str, ContextOnMap>,
}

/// A context, as the map shows it.
#[derive(Debug, Serialize)]
pub struct ContextOnMap {
    /// What it can be asked for.
    pub operations: Vec<OperationOnMap>,
    /// What it tells.
    pub events: Vec<EventOnMap>,
    /// The operations of others that it calls.
    pub calls: Vec<&'static str>,
    /// What listens there to others.
    pub consumers: Vec<ConsumerOnMap>,
}

/// An operation, as the map shows it.
#[derive(Debug, Serialize)]
pub struct OperationOnMap {
    /// Its name.
    pub name: &'static str,
    /// `query` or `command`.
    pub kind: &'static str,
    /// Who may ask for it.
    pub access: &'static str,
}

/// An event, as the map shows it.
#[derive(Debug, Serialize)]
pub struct EventOnMap {
    /// Its type.
    pub event_type: &'static str,
    /// Version of its payload.
    pub version: i32,
}

/// A consumer, as the map shows it.
#[derive(Debug, Serialize)]
pub struct ConsumerOnMap {
    /// Its name.
    pub name: &'static str,
    /// Whose log it reads.
    pub listens_to: &'static str,
    /// What it cares for there.
    pub event_types: &'static [&'static str],
}

impl Map {
    /// The map of this program.
    pub fn draw() -> Self {
        let contexts = contexts::ALL.iter().map(|room| {
            let context = ContextOnMap {
                operations: room.operations.iter().map(OperationOnMap::of).collect(),
                events: room
                    .events
                    .iter()
                    .map(|event| EventOnMap {
                        event_type: event.event_type,
                        version: event.version,
                    })
                    .collect(),
                calls: room.calls.iter().map(|operation| operation.name).collect(),
                consumers: room
                    .consumers
                    .iter()
                    .map(|consumer| ConsumerOnMap {
                        name: consumer.name,
                        listens_to: consumer.listens_to,
                        event_types: consumer.event_types,
                    })
                    .collect(),
            };
            (room.name, context)
        });
        Self {
            contexts: contexts.collect(),
        }
    }

    /// As a Mermaid flowchart: an arrow for each pair of contexts that call, a dotted one for each consumer.
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (name, context) in &self.contexts {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(
                text,
                "    {name}[\"<b>{name}</b><br/>{} operations, {} events\"]",
                context.operations.len(),
                context.events.len()
            );
        }
        for (name, context) in &self.contexts {
            let mut called: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for operation in &context.calls {
                if let Some((other, use_case)) = operation.split_once('.') {
                    called.entry(other).or_default().push(use_case);
                }
            }
            for (other, use_cases) in called {
                let _ = writeln!(text, "    {name} -->|\"{}\"| {other}", use_cases.join("<br/>"));
            }
        }
        for (name, context) in &self.contexts {
            for consumer in &context.consumers {
                let events = consumer.event_types.join("<br/>");
                let _ = writeln!(text, "    {} -. \"{events}\" .-> {name}", consumer.listens_to);
            }
        }
        text
    }
}

impl OperationOnMap {
    fn of(info: &OperationInfo) -> Self {
        Self {
            name: info.name,
            kind: match info.kind {
                Kind::Query => "query",
                Kind::Command => "command",
            },
            access: match info.access {
                Access::Public => "public",
                Access::SignedIn => "signed_in",
                Access::Staff => "staff",
                Access::Admin => "admin",
                Access::Internal => "internal",
            },
        }
    }
}
