//! The walk through two schemas, side by side.

use std::ptr;

use serde_json::Value;

use super::alternatives::{Alternative, Lists, Objects, alternatives};
use super::limits::{Numbers, length_refusals, whole};
use super::{Incompatibility, Shape};

/// How many pairs of schemas are looked at for one message. The largest of ours takes some sixty; a peer whose
/// contract takes more cannot keep this process busy.
const PAIRS_MAX: u32 = 100_000;

/// A property that is not written is no other than one that may be anything.
static ANYTHING: Value = Value::Bool(true);

pub(super) struct Walk<'a> {
    writer: Shape<'a>,
    reader: Shape<'a>,
    /// The pairs that are being compared. One that contains itself is compatible if everything else about it is.
    open: Vec<(&'a Value, &'a Value)>,
    pairs_left: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(writer: Shape<'a>, reader: Shape<'a>) -> Self {
        Self {
            writer,
            reader,
            open: Vec::new(),
            pairs_left: PAIRS_MAX,
        }
    }

    pub(super) fn compare(&mut self, path: &str, writer: &'a Value, reader: &'a Value) -> Vec<Incompatibility> {
        let is_this = |pair: &(&'a Value, &'a Value)| ptr::eq(pair.0, writer) && ptr::eq(pair.1, reader);
        if self.open.iter().any(is_this) {
            return Vec::new();
        }
        let Some(left) = self.pairs_left.checked_sub(1) else {
            return vec![Incompatibility::new(path, "the schemas are too large to be compared")];
        };
        self.pairs_left = left;
        self.open.push((writer, reader));
        let found = self.compare_now(path, writer, reader);
        self.open.pop();
        found
    }

    fn compare_now(&mut self, path: &str, writer: &'a Value, reader: &'a Value) -> Vec<Incompatibility> {
        let read = match alternatives(reader, self.reader) {
            Ok(read) => read,
            Err(reason) => return vec![Incompatibility::new(path, format!("in the reader's schema {reason}"))],
        };
        if read.iter().any(|one| matches!(one, Alternative::Anything)) {
            return Vec::new();
        }
        let written = match alternatives(writer, self.writer) {
            Ok(written) => written,
            Err(reason) => return vec![Incompatibility::new(path, format!("in the writer's schema {reason}"))],
        };
        written.iter().flat_map(|one| self.among(path, one, &read)).collect()
    }

    /// Why what is written is none of what is read.
    fn among(&mut self, path: &str, written: &Alternative<'a>, read: &[Alternative<'a>]) -> Vec<Incompatibility> {
        let mut kin = Vec::new();
        for one in read {
            let found = self.pair(path, written, one);
            if found.is_empty() {
                return Vec::new();
            }
            if written.is_kin_of(one) {
                kin.push(found);
            }
        }
        match (kin.pop(), kin.is_empty(), read) {
            (Some(only), true, _) => only,
            (_, _, []) => vec![Incompatibility::new(
                path,
                format!("may be {}, and the reader takes nothing", written.spoken()),
            )],
            _ => {
                let known: Vec<String> = read.iter().map(Alternative::spoken).collect();
                let reason = format!(
                    "may be {}, and the reader takes only {}",
                    written.spoken(),
                    known.join(", ")
                );
                vec![Incompatibility::new(path, reason)]
            }
        }
    }

    fn pair(&mut self, path: &str, written: &Alternative<'a>, read: &Alternative<'a>) -> Vec<Incompatibility> {
        let reasons = match (written, read) {
            (_, Alternative::Anything)
            | (Alternative::Null, Alternative::Null)
            | (Alternative::Boolean | Alternative::Fixed(Value::Bool(_)), Alternative::Boolean) => return Vec::new(),
            (Alternative::Fixed(one), Alternative::Fixed(other)) if one == other => return Vec::new(),
            (Alternative::Fixed(Value::String(text)), Alternative::Text(texts)) => texts.refusals_of_text(text),
            (Alternative::Fixed(value), Alternative::Number(numbers)) => refusals_of_number(value, numbers),
            (Alternative::Number(one), Alternative::Number(other)) => one.refusals(other),
            (Alternative::Text(one), Alternative::Text(other)) => one.refusals(other),
            (Alternative::List(one), Alternative::List(other)) => return self.lists(path, one, other),
            (Alternative::Object(one), Alternative::Object(other)) => return self.objects(path, one, other),
            (one, other) => vec![format!(
                "may be {}, and the reader takes only {}",
                one.spoken(),
                other.spoken()
            )],
        };
        reasons
            .into_iter()
            .map(|reason| Incompatibility::new(path, reason))
            .collect()
    }

    fn lists(&mut self, path: &str, written: &Lists<'a>, read: &Lists<'a>) -> Vec<Incompatibility> {
        let mut found: Vec<Incompatibility> = length_refusals(
            (written.length_min, written.length_max),
            (read.length_min, read.length_max),
            "entries",
        )
        .into_iter()
        .map(|reason| Incompatibility::new(path, reason))
        .collect();
        if read.unique && !written.unique {
            found.push(Incompatibility::new(
                path,
                "may repeat an entry, and the reader wants each once",
            ));
        }
        let has_place = |place: usize| {
            let place = u64::try_from(place).unwrap_or(u64::MAX);
            written.length_max.is_none_or(|max| place < max)
        };
        let places = written.first.len().max(read.first.len());
        for place in (0..places).filter(|place| has_place(*place)) {
            let one = written.first.get(place).or(written.rest).unwrap_or(&ANYTHING);
            let other = read.first.get(place).or(read.rest).unwrap_or(&ANYTHING);
            found.extend(self.compare(&format!("{path}[{place}]"), one, other));
        }
        if has_place(places) {
            let one = written.rest.unwrap_or(&ANYTHING);
            let other = read.rest.unwrap_or(&ANYTHING);
            found.extend(self.compare(&format!("{path}[]"), one, other));
        }
        found
    }

    fn objects(&mut self, path: &str, written: &Objects<'a>, read: &Objects<'a>) -> Vec<Incompatibility> {
        let mut found = Vec::new();
        for name in &read.required {
            if !written.requires(name) {
                let reason = match written.property(name) {
                    Some(_) => "may be absent, and the reader requires it",
                    None => "is not written, and the reader requires it",
                };
                found.push(Incompatibility::new(&inside(path, name), reason));
            }
        }
        for (name, one) in written.properties.into_iter().flatten() {
            match (read.property(name), read.rest) {
                (Some(other), _) | (None, Some(other @ Value::Object(_))) => {
                    found.extend(self.compare(&inside(path, name), one, other));
                }
                (None, Some(Value::Bool(false))) => {
                    let reason = "is unknown to the reader, which refuses what it does not know";
                    found.push(Incompatibility::new(&inside(path, name), reason));
                }
                (None, _) => {}
            }
        }
        // A map: its keys may be any, also those that the reader has a property for.
        if let Some(one) = written.rest.filter(|rest| **rest != Value::Bool(false)) {
            for (name, other) in read.properties.into_iter().flatten() {
                if written.property(name).is_none() {
                    found.extend(self.compare(&inside(path, name), one, other));
                }
            }
            if let Some(other) = read.rest {
                found.extend(self.compare(&inside(path, "*"), one, other));
            }
        }
        found
    }
}

fn refusals_of_number(value: &Value, numbers: &Numbers<'_>) -> Vec<String> {
    match whole(value) {
        Some(number) if numbers.contains(number) => Vec::new(),
        Some(number) => vec![format!("may be {number}, which is outside of what the reader takes")],
        None => vec![format!("may be {value}, which cannot be compared with a number")],
    }
}

fn inside(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
