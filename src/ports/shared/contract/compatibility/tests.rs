//! Each row is a change of a type. Its verdict must be that of the schemas and that of serde, which is asked with the
//! message that decides it.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Incompatibility, incompatibilities};

/// A version of a message: its schemas, and whether serde reads a text as it.
struct Version {
    writes: Schema,
    reads: Schema,
    understands: fn(&Value) -> bool,
}

fn version<T: Serialize + DeserializeOwned + JsonSchema>() -> Version {
    Version {
        writes: SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<T>(),
        reads: SchemaSettings::draft2020_12()
            .for_deserialize()
            .into_generator()
            .into_root_schema_for::<T>(),
        understands: |message| serde_json::from_value::<T>(message.clone()).is_ok(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Breaks,
}
use Verdict::{Breaks, Fine};

/// Makes a version of the items in braces, the first of which is called `Message`.
macro_rules! version_of {
    ($($item:tt)*) => {{
        #[derive(Serialize, Deserialize, JsonSchema)]
        $($item)*
        version::<Message>()
    }};
}

macro_rules! change {
    ($what:literal: { $($old:tt)* } => { $($new:tt)* }, $forth:ident by $old_says:tt, $back:ident by $new_says:tt) => {
        check(
            $what,
            &version_of!($($old)*),
            &version_of!($($new)*),
            ($forth, json!($old_says)),
            ($back, json!($new_says)),
        );
    };
}

/// `forth`: the new version reads what the old one wrote. `back`: the other way round.
fn check(what: &str, old: &Version, new: &Version, forth: (Verdict, Value), back: (Verdict, Value)) {
    for (direction, writer, reader, (verdict, message)) in [("forth", old, new, forth), ("back", new, old, back)] {
        let found = incompatibilities("", &writer.writes, &reader.reads);
        let found_verdict = if found.is_empty() { Fine } else { Breaks };
        assert_eq!(found_verdict, verdict, "{what}, {direction}: {found:?}");
        assert!(
            (writer.understands)(&message),
            "{what}, {direction}: {message} is no example"
        );
        assert_eq!(
            (reader.understands)(&message),
            verdict == Fine,
            "{what}, {direction}: serde disagrees"
        );
    }
}

#[test]
fn fields_come_and_go_only_where_the_reader_can_do_without() {
    change!("a field with a default is added":
        { struct Message { a: u32 } } => { struct Message { a: u32, #[serde(default)] b: u32 } },
        Fine by {"a": 1}, Fine by {"a": 1, "b": 2});
    change!("an optional field is added":
        { struct Message { a: u32 } } => { struct Message { a: u32, b: Option<u32> } },
        Fine by {"a": 1}, Fine by {"a": 1, "b": null});
    change!("a required field is added":
        { struct Message { a: u32 } } => { struct Message { a: u32, b: u32 } },
        Breaks by {"a": 1}, Fine by {"a": 1, "b": 2});
    change!("a required field is removed":
        { struct Message { a: u32, b: u32 } } => { struct Message { a: u32 } },
        Fine by {"a": 1, "b": 2}, Breaks by {"a": 1});
    change!("an optional field is removed":
        { struct Message { a: u32, b: Option<u32> } } => { struct Message { a: u32 } },
        Fine by {"a": 1, "b": 2}, Fine by {"a": 1});
    change!("a field is renamed":
        { struct Message { a: u32 } } => { struct Message { b: u32 } },
        Breaks by {"a": 1}, Breaks by {"b": 1});
    change!("a field is made optional":
        { struct Message { a: u32 } } => { struct Message { a: Option<u32> } },
        Fine by {"a": 1}, Breaks by {"a": null});
    change!("a field is made required":
        { struct Message { a: Option<u32> } } => { struct Message { a: u32 } },
        Breaks by {"a": null}, Fine by {"a": 1});
    change!("a field is no longer written when it is empty":
        { struct Message { a: Vec<u32> } }
        => { struct Message { #[serde(default, skip_serializing_if = "Vec::is_empty")] a: Vec<u32> } },
        Fine by {"a": []}, Breaks by {});
    change!("a field is removed by a reader that knows what it does not want":
        { struct Message { a: u32, #[serde(default)] b: u32 } }
        => { #[serde(deny_unknown_fields)] struct Message { a: u32 } },
        Breaks by {"a": 1, "b": 2}, Fine by {"a": 1});
}

#[test]
fn types_may_widen_for_the_reader_and_narrow_for_the_writer() {
    change!("a number becomes a text":
        { struct Message { a: u32 } } => { struct Message { a: String } },
        Breaks by {"a": 1}, Breaks by {"a": "1"});
    change!("an integer is widened":
        { struct Message { a: u32 } } => { struct Message { a: u64 } },
        Fine by {"a": 1}, Breaks by {"a": 4_294_967_296_u64});
    change!("an integer is narrowed":
        { struct Message { a: i64 } } => { struct Message { a: i32 } },
        Breaks by {"a": (-4_294_967_296_i64)}, Fine by {"a": 1});
    change!("an integer may have a fraction":
        { struct Message { a: i32 } } => { struct Message { a: f64 } },
        Fine by {"a": 1}, Breaks by {"a": 1.5});
    change!("one becomes many":
        { struct Message { a: u32 } } => { struct Message { a: Vec<u32> } },
        Breaks by {"a": 1}, Breaks by {"a": [1]});
    change!("many become two":
        { struct Message { a: Vec<u32> } } => { struct Message { a: (u32, u32) } },
        Breaks by {"a": [1]}, Fine by {"a": [1, 2]});
    change!("the second of two changes":
        { struct Message { a: (u32, u32) } } => { struct Message { a: (u32, String) } },
        Breaks by {"a": [1, 2]}, Breaks by {"a": [1, "2"]});
    change!("what is in the list changes":
        { struct Message { a: Option<Vec<u32>> } } => { struct Message { a: Option<Vec<bool>> } },
        Breaks by {"a": [1]}, Breaks by {"a": [true]});
    change!("a struct becomes a map":
        { struct Message { a: u32, b: u32 } } => { #[serde(transparent)] struct Message(BTreeMap<String, u32>); },
        Fine by {"a": 1, "b": 2}, Breaks by {"c": 1});
    change!("the values of a map change":
        { struct Message { a: BTreeMap<String, u32> } } => { struct Message { a: BTreeMap<String, bool> } },
        Breaks by {"a": {"x": 1}}, Breaks by {"a": {"x": true}});
    change!("a value gets a type of its own":
        { struct Message { a: u32 } } => { struct Message { a: Own } #[derive(Serialize, Deserialize, JsonSchema)] struct Own(u32); },
        Fine by {"a": 1}, Fine by {"a": 1});
}

#[test]
fn a_variant_is_new_to_a_reader_that_does_not_know_it() {
    change!("a word is added":
        { enum Message { A } } => { enum Message { A, B } },
        Fine by "A", Breaks by "B");
    change!("a word is removed":
        { enum Message { A, B } } => { enum Message { A } },
        Breaks by "B", Fine by "A");
    change!("words get documentation and another order":
        { enum Message { A, B } } => { enum Message { /** The second. */ B, /** The first. */ A } },
        Fine by "A", Fine by "B");
    change!("a variant with content is added":
        { enum Message { A } } => { enum Message { A, B { c: u32 } } },
        Fine by "A", Breaks by {"B": {"c": 1}});
    change!("a word gets content":
        { enum Message { A, B } } => { enum Message { A, B(u32) } },
        Breaks by "B", Breaks by {"B": 1});
    change!("the content of a variant changes":
        { enum Message { A, B { c: u32 } } } => { enum Message { A, B { d: u32 } } },
        Breaks by {"B": {"c": 1}}, Breaks by {"B": {"d": 1}});
    change!("the content of a variant grows by a default":
        { enum Message { A, B { c: u32 } } } => { enum Message { A, B { c: u32, #[serde(default)] d: u32 } } },
        Fine by {"B": {"c": 1}}, Fine by {"B": {"c": 1, "d": 2}});
    change!("a variant with an inner tag is added":
        { #[serde(tag = "kind")] enum Message { A { c: u32 } } }
        => { #[serde(tag = "kind")] enum Message { A { c: u32 }, B { c: u32 } } },
        Fine by {"kind": "A", "c": 1}, Breaks by {"kind": "B", "c": 1});
    change!("a variant without a tag is added":
        { #[serde(untagged)] enum Message { A { c: u32 } } }
        => { #[serde(untagged)] enum Message { A { c: u32 }, B(Vec<u32>) } },
        Fine by {"c": 1}, Breaks by [1]);
    change!("the tag moves":
        { enum Message { A { c: u32 } } } => { #[serde(tag = "kind")] enum Message { A { c: u32 } } },
        Breaks by {"A": {"c": 1}}, Breaks by {"kind": "A", "c": 1});
    change!("any text becomes a word":
        { struct Message { a: String } }
        => { struct Message { a: Word } #[derive(Serialize, Deserialize, JsonSchema)] enum Word { X } },
        Breaks by {"a": "y"}, Fine by {"a": "X"});
}

/// How an enum grows in two releases, each of which works beside the one before it.
#[test]
fn a_variant_that_is_read_one_release_before_it_is_written_breaks_nobody() {
    change!("a variant is read":
        { enum Message { A } } => { enum Message { A, #[serde(skip_serializing)] B } },
        Fine by "A", Fine by "A");
    change!("a variant is written":
        { enum Message { A, #[serde(skip_serializing)] B } } => { enum Message { A, B } },
        Fine by "A", Fine by "B");
}

#[test]
fn types_that_contain_themselves_are_compared_to_the_end() {
    change!("a tree gets a default":
        { struct Message { branches: Vec<Message> } }
        => { struct Message { branches: Vec<Message>, #[serde(default)] leaves: u32 } },
        Fine by {"branches": [{"branches": []}]}, Fine by {"branches": [{"branches": [], "leaves": 1}]});
    change!("a tree gets leaves":
        { struct Message { branches: Vec<Message> } } => { struct Message { branches: Vec<Message>, leaves: u32 } },
        Breaks by {"branches": []}, Fine by {"branches": [], "leaves": 1});
    change!("the far end of a ring changes":
        {
            struct Message { next: Option<Box<Other>> }
            #[derive(Serialize, Deserialize, JsonSchema)] struct Other { back: Option<Box<Message>>, a: u32 }
        } => {
            struct Message { next: Option<Box<Other>> }
            #[derive(Serialize, Deserialize, JsonSchema)] struct Other { back: Option<Box<Message>>, a: bool }
        },
        Breaks by {"next": {"back": null, "a": 1}}, Breaks by {"next": {"back": null, "a": true}});
}

#[test]
fn limits_of_a_text_or_a_list_hold_where_the_writer_keeps_them() {
    let any = json_schema!({"type": "string"});
    let short = json_schema!({"type": "string", "minLength": 1, "maxLength": 8});
    let shorter = json_schema!({"type": "string", "minLength": 2, "maxLength": 7});
    let letters = json_schema!({"type": "string", "pattern": "^[a-z]+$"});
    let digits = json_schema!({"type": "string", "pattern": "^[0-9]+$"});
    let time = json_schema!({"type": "string", "format": "date-time"});
    let word = json_schema!({"const": "abc"});
    let small = json_schema!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 5});
    let whole = json_schema!({"type": "integer", "format": "int64"});
    let list = json_schema!({"type": "array", "items": {"type": "string"}});
    let pair = json_schema!({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2});
    for (writer, reader, verdict) in [
        (&short, &any, Fine),
        (&any, &short, Breaks),
        (&shorter, &short, Fine),
        (&short, &shorter, Breaks),
        (&letters, &any, Fine),
        (&any, &letters, Breaks),
        (&letters, &letters, Fine),
        (&letters, &digits, Breaks),
        (&time, &any, Fine),
        (&any, &time, Breaks),
        (&word, &short, Fine),
        (&word, &letters, Breaks),
        (&small, &whole, Fine),
        (&whole, &small, Breaks),
        (&pair, &list, Fine),
        (&list, &pair, Breaks),
    ] {
        let found = incompatibilities("", writer, reader);
        assert_eq!(found.is_empty(), verdict == Fine, "{writer:?} to {reader:?}: {found:?}");
    }
}

#[test]
fn a_finding_names_the_place_and_the_reason() {
    let old = version_of!(
        struct Message {
            items: Vec<Item>,
        }
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct Item {
            price: Price,
        }
        #[derive(Serialize, Deserialize, JsonSchema)]
        enum Price {
            Free,
            Known { amount: u32 },
        }
    );
    let new = version_of!(
        struct Message {
            items: Vec<Item>,
        }
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct Item {
            price: Price,
        }
        #[derive(Serialize, Deserialize, JsonSchema)]
        enum Price {
            Free,
            Secret,
            Known { amount: String },
        }
    );
    let found = incompatibilities("reply", &new.writes, &old.reads);
    let texts: Vec<String> = found.iter().map(Incompatibility::to_string).collect();
    assert_eq!(
        texts,
        [
            "reply.items[].price: may be `Secret`, and the reader takes only `Free`, the variant `Known`",
            "reply.items[].price.Known.amount: may be a string, and the reader takes only an integer",
        ]
    );
}

#[test]
fn what_is_not_understood_is_never_taken_for_compatible() {
    let known = json_schema!({"type": "object", "properties": {}});
    for odd in [
        json_schema!({"type": "object", "patternProperties": {"^a": {"type": "string"}}}),
        json_schema!({"not": {"type": "string"}}),
        json_schema!({"allOf": [{"type": "object"}]}),
        json_schema!({"type": "object", "if": {}, "then": {}}),
        json_schema!({"type": "integer", "multipleOf": 2}),
        json_schema!({"type": "integer", "format": "int256"}),
        json_schema!({"type": "date"}),
        json_schema!({"$ref": "#/$defs/Nowhere"}),
        json_schema!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}),
        json_schema!({"oneOf": [{"type": "string"}], "type": "string"}),
        json_schema!({"type": "string", "minLength": -1}),
    ] {
        assert_ne!(incompatibilities("", &odd, &known), [], "{odd:?} is written");
        assert_ne!(incompatibilities("", &known, &odd), [], "{odd:?} is read");
        assert_ne!(incompatibilities("", &odd, &odd), [], "{odd:?} on both sides");
    }
    let anything = json_schema!(true);
    let nothing = json_schema!(false);
    assert_eq!(incompatibilities("", &known, &anything), []);
    assert_ne!(incompatibilities("", &anything, &known), []);
    assert_eq!(incompatibilities("", &nothing, &known), []);
    assert_ne!(incompatibilities("", &known, &nothing), []);
}
