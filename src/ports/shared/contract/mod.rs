//! The messages of a context as a contract: what each operation and each event looks like in JSON, in a form that two
//! versions of Banyan can exchange and compare (ADR 0008).
//!
//! A process that calls a context elsewhere asks that process for its [`Contract`]. Where the two differ
//! ([`Contract::digest`]), [`Contract::refusals_of`] says which operations cannot be called, and why; the others can.

mod canonical;
pub mod compatibility;
mod describer;
pub mod release;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use self::compatibility::{Incompatibility, Shape, incompatibilities};
use self::describer::Describer;
use super::operation::{Kind, TableOfContents};

/// What cannot be understood, by the name of the operation or the type of the event. Empty: everything can.
pub type Refusals = BTreeMap<String, Vec<Incompatibility>>;

/// What a context's messages look like. Its own JSON form travels between processes and lies in `contracts/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// Whose: `orders`.
    pub context: String,
    /// What is around every call and every answer: the same for all contexts of a version.
    pub envelope: EnvelopeContract,
    /// By name.
    pub operations: BTreeMap<String, OperationContract>,
    /// By type.
    pub events: BTreeMap<String, EventContract>,
    /// The types that the messages are made of, as they are read.
    #[serde(rename = "$defs")]
    types: Map<String, Value>,
    /// Those of them that are written in another way than they are read: a field with a default is always written and
    /// need not be there to be read.
    #[serde(rename = "$defs_written", default, skip_serializing_if = "Map::is_empty")]
    types_written: Map<String, Value>,
}

/// What is around the messages of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvelopeContract {
    /// Who calls, and how long they wait: what is of use in a [`super::call_context::CallContext`] to another process.
    pub context: Message,
    /// The ways to fail, without the operation's own.
    pub failure: Message,
}

/// What an operation looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationContract {
    /// Query or command.
    pub kind: Kind,
    /// What is sent.
    pub request: Message,
    /// What comes back.
    pub reply: Message,
    /// The business outcomes that are not the wished one.
    pub error: Message,
}

/// What an event looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventContract {
    /// Version of the payload.
    pub version: i32,
    /// The payload.
    pub payload: Message,
}

/// The JSON Schema of a message, canonical.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// Read in another way than written. Neither name is one of JSON Schema's keywords.
    Different {
        /// What is understood.
        reads: Value,
        /// What is written.
        writes: Value,
    },
    /// Read as it is written, but for what differs within the types that it refers to.
    Same(Value),
}

impl Message {
    fn read(&self) -> &Value {
        match self {
            Self::Different { reads, .. } => reads,
            Self::Same(schema) => schema,
        }
    }

    fn written(&self) -> &Value {
        match self {
            Self::Different { writes, .. } => writes,
            Self::Same(schema) => schema,
        }
    }
}

impl Contract {
    /// The contract of a context, as this program knows it.
    pub fn of<C: TableOfContents + ?Sized>() -> Self {
        let mut describer = Describer::new();
        let envelope = describer.envelope();
        let operations = C::OPERATIONS
            .iter()
            .filter_map(|info| Some((info.name.to_owned(), C::with_operation(info.name, &mut describer)?)))
            .collect();
        let events = C::EVENTS
            .iter()
            .map(|info| (info.event_type.to_owned(), describer.event(info)))
            .collect();
        let (types, types_written) = describer.into_types();
        Self {
            context: C::CONTEXT.to_owned(),
            envelope,
            operations,
            events,
            types,
            types_written,
        }
    }

    /// SHA-256 of the contract's JSON, in hex: two processes whose digests agree need not compare.
    pub fn digest(&self) -> String {
        // Maps with text as keys, and plain values: there is nothing that JSON could not express. Should that ever be
        // untrue, contracts that differ still have digests that differ.
        let text = serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"));
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The operations of this contract, which the caller's, that a peer with that contract cannot be asked for: it does
    /// not know them, does not understand the request, or may answer what the caller does not understand. What the peer
    /// knows beyond that is fine.
    ///
    /// An envelope that one of the two does not understand concerns every operation.
    pub fn refusals_of(&self, peer: &Self) -> Refusals {
        let of_the_envelope = self.refusals_of_envelope(peer);
        let refusals = self.operations.iter().map(|(name, mine)| {
            let found = match peer.operations.get(name) {
                Some(theirs) => {
                    let mut found = of_the_envelope.clone();
                    found.extend(self.refusals_of_operation(mine, peer, theirs));
                    found
                }
                None => vec![Incompatibility::new("", "the peer does not know this operation")],
            };
            (name.clone(), found)
        });
        refusals.filter(|(_, found)| !found.is_empty()).collect()
    }

    /// The events of a peer with that contract that a consumer with this one cannot read. A type that only one of the two
    /// knows is fine: what is not told is not read, and what is not known is passed over.
    pub fn event_refusals_of(&self, peer: &Self) -> Refusals {
        let refusals = self.events.iter().filter_map(|(event_type, mine)| {
            let theirs = peer.events.get(event_type)?;
            let found = incompatibilities("payload", peer.written(&theirs.payload), self.read(&mine.payload));
            Some((event_type.clone(), found))
        });
        refusals.filter(|(_, found)| !found.is_empty()).collect()
    }

    fn refusals_of_envelope(&self, peer: &Self) -> Vec<Incompatibility> {
        let (mine, theirs) = (&self.envelope, &peer.envelope);
        let mut found = incompatibilities("context", self.written(&mine.context), peer.read(&theirs.context));
        found.extend(incompatibilities(
            "failure",
            peer.written(&theirs.failure),
            self.read(&mine.failure),
        ));
        found
    }

    fn refusals_of_operation(
        &self,
        mine: &OperationContract,
        peer: &Self,
        theirs: &OperationContract,
    ) -> Vec<Incompatibility> {
        let mut found = Vec::new();
        if mine.kind == Kind::Query && theirs.kind == Kind::Command {
            found.push(Incompatibility::new(
                "kind",
                "the caller repeats it at will as a query, and the peer carries out a command",
            ));
        }
        let request = (self.written(&mine.request), peer.read(&theirs.request));
        let reply = (peer.written(&theirs.reply), self.read(&mine.reply));
        let error = (peer.written(&theirs.error), self.read(&mine.error));
        for (at, (writer, reader)) in [("request", request), ("reply", reply), ("error", error)] {
            found.extend(incompatibilities(at, writer, reader));
        }
        found
    }

    fn read<'a>(&'a self, message: &'a Message) -> Shape<'a> {
        Shape {
            schema: message.read(),
            document: None,
            types: Some(&self.types),
            types_before: None,
        }
    }

    fn written<'a>(&'a self, message: &'a Message) -> Shape<'a> {
        Shape {
            schema: message.written(),
            document: None,
            types: Some(&self.types),
            types_before: Some(&self.types_written),
        }
    }
}
