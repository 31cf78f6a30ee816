//! Whether a reader understands whatever a writer may write.
//!
//! Structural, on the part of JSON Schema that schemars makes of serde types. A keyword that is not understood here is an
//! incompatibility by itself: nothing is taken for compatible because it was overlooked.
//!
//! Two assumptions come from serde and are not those of a JSON Schema validator. A writer writes the properties that its
//! schema names and no others (unless `additionalProperties` says which). A reader passes over properties that it does
//! not know, unless `additionalProperties` is `false`.

mod alternatives;
mod limits;
mod walk;

use std::fmt;

use schemars::Schema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::walk::Walk;

/// A place where the reader may not understand the writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incompatibility {
    /// Where: `reply.items[].price.amount`; empty for the message as a whole.
    pub path: String,
    /// Why, for whoever operates or changes either side.
    pub reason: String,
}

impl Incompatibility {
    pub(super) fn new(path: &str, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.path, self.reason)
        }
    }
}

/// A schema and the types that it refers to by name.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    pub(super) schema: &'a Value,
    /// What `#` refers to.
    pub(super) document: Option<&'a Value>,
    pub(super) types: Option<&'a Map<String, Value>>,
    /// Looked at before [`Self::types`].
    pub(super) types_before: Option<&'a Map<String, Value>>,
}

impl<'a> Shape<'a> {
    fn referred(&self, reference: &str) -> Option<&'a Value> {
        let Some(name) = reference.strip_prefix("#/$defs/") else {
            return self.document.filter(|_| reference == "#");
        };
        let first = self.types_before.and_then(|types| types.get(name));
        first.or_else(|| self.types.and_then(|types| types.get(name)))
    }
}

/// A schema that carries the types it refers to itself, in `$defs`.
impl<'a> From<&'a Schema> for Shape<'a> {
    fn from(schema: &'a Schema) -> Self {
        Self {
            schema: schema.as_value(),
            document: Some(schema.as_value()),
            types: schema.get("$defs").and_then(Value::as_object),
            types_before: None,
        }
    }
}

/// Why `reader` may not understand what `writer` may write; empty when it always does. `at` is what their paths begin
/// with.
pub fn incompatibilities<'a>(
    at: &str,
    writer: impl Into<Shape<'a>>,
    reader: impl Into<Shape<'a>>,
) -> Vec<Incompatibility> {
    let (writer, reader) = (writer.into(), reader.into());
    Walk::new(writer, reader).compare(at, writer.schema, reader.schema)
}

#[cfg(test)]
mod tests;
