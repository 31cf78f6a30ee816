//! From the types of messages to their schemas, as they are read and as they are written.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::canonical::{canonical, sorted};
use super::{EnvelopeContract, EventContract, Message, OperationContract};
use crate::ports::shared::events::EventInfo;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::{Handler, Operation, TableOfContents, WithOperation};
use crate::ports::shared::wire;

/// Describes the messages of one context. Both generators see the same types in the same order, so that a name means the
/// same type in both.
pub(super) struct Describer {
    reading: SchemaGenerator,
    writing: SchemaGenerator,
}

impl Describer {
    pub(super) fn new() -> Self {
        Self {
            reading: SchemaSettings::draft2020_12().for_deserialize().into_generator(),
            writing: SchemaSettings::draft2020_12().for_serialize().into_generator(),
        }
    }

    pub(super) fn envelope(&mut self) -> EnvelopeContract {
        EnvelopeContract {
            context: self.message(wire::context_schema),
            failure: self.message(SchemaGenerator::subschema_for::<Failure<Never>>),
        }
    }

    pub(super) fn event(&mut self, info: &EventInfo) -> EventContract {
        EventContract {
            version: info.version,
            payload: self.message(info.schema),
        }
    }

    fn message(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Message {
        let reads = canonical(schema(&mut self.reading).to_value());
        let writes = canonical(schema(&mut self.writing).to_value());
        if reads == writes {
            Message::Same(reads)
        } else {
            Message::Different { reads, writes }
        }
    }

    /// All types that the messages described so far refer to: as they are read, and those that are written differently.
    pub(super) fn into_types(mut self) -> (Map<String, Value>, Map<String, Value>) {
        let read = canonical_types(&mut self.reading);
        let written = canonical_types(&mut self.writing)
            .into_iter()
            .filter(|(name, schema)| read.get(name) != Some(schema))
            .collect();
        (read, written)
    }
}

fn canonical_types(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let types = generator.take_definitions(false);
    sorted(
        types
            .into_iter()
            .map(|(name, schema)| (name, canonical(schema)))
            .collect(),
    )
}

impl<C: TableOfContents + ?Sized> WithOperation<C> for &mut Describer {
    type Output = OperationContract;

    fn with<Op: Operation>(self) -> OperationContract
    where
        C: Handler<Op>,
    {
        OperationContract {
            kind: Op::KIND,
            request: self.message(SchemaGenerator::subschema_for::<Op>),
            reply: self.message(SchemaGenerator::subschema_for::<Op::Reply>),
            error: self.message(SchemaGenerator::subschema_for::<Op::Error>),
        }
    }
}
