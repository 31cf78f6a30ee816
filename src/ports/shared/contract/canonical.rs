//! The one spelling of a schema: two that mean the same are the same text, whatever their documentation says.

use serde_json::{Map, Value};

/// Keywords that tell people something and a reader nothing.
const PROSE: &[&str] = &[
    "$schema",
    "$comment",
    "title",
    "description",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];
/// Keywords whose value is a schema.
const OF_A_SCHEMA: &[&str] = &["items", "additionalProperties", "unevaluatedProperties", "not"];
/// Keywords whose value is a list of schemas.
const OF_SCHEMAS: &[&str] = &["oneOf", "anyOf", "allOf", "prefixItems"];
/// Keywords whose value has names of its own, each for a schema: a property called `description` is no prose.
const OF_NAMED_SCHEMAS: &[&str] = &["properties", "$defs", "patternProperties"];

/// The same schema without prose, with its keywords sorted, and with all the plain words of an enum in one list:
/// schemars writes an enum whose variants have documentation in another way than one whose variants have none.
pub fn canonical(schema: Value) -> Value {
    match schema {
        Value::Object(keywords) => {
            let keywords = keywords
                .into_iter()
                .filter(|(keyword, _)| !PROSE.contains(&keyword.as_str()))
                .map(|(keyword, value)| {
                    let value = canonical_value(&keyword, value);
                    (keyword, value)
                })
                .collect();
            named_nothing(with_words_in_one_list(sorted(keywords)))
        }
        other => other,
    }
}

/// `false` cannot carry documentation: schemars spells the schema of an enum without variants as what is not anything.
fn named_nothing(schema: Value) -> Value {
    let keywords = schema.as_object().filter(|keywords| keywords.len() == 1);
    let excluded = keywords.and_then(|keywords| keywords.get("not")?.as_object());
    if excluded.is_some_and(Map::is_empty) {
        Value::Bool(false)
    } else {
        schema
    }
}

fn canonical_value(keyword: &str, value: Value) -> Value {
    match value {
        Value::Object(named) if OF_NAMED_SCHEMAS.contains(&keyword) => {
            let named = named.into_iter().map(|(name, schema)| (name, canonical(schema)));
            Value::Object(sorted(named.collect()))
        }
        Value::Array(schemas) if OF_SCHEMAS.contains(&keyword) => {
            Value::Array(schemas.into_iter().map(canonical).collect())
        }
        Value::Array(words) if matches!(keyword, "required" | "enum" | "type") => Value::Array(sorted_words(words)),
        value if OF_A_SCHEMA.contains(&keyword) => canonical(value),
        value => value,
    }
}

/// Sorted by name, so that the text is the same whichever map the JSON library was built with.
pub(super) fn sorted(map: Map<String, Value>) -> Map<String, Value> {
    let mut entries: Vec<(String, Value)> = map.into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries.into_iter().collect()
}

/// Lists in which the order says nothing. `null` and numbers come behind the words.
fn sorted_words(mut words: Vec<Value>) -> Vec<Value> {
    words.sort_by(|one, other| match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    });
    words
}

fn with_words_in_one_list(mut keywords: Map<String, Value>) -> Value {
    let Some(Value::Array(variants)) = keywords.remove("oneOf") else {
        return Value::Object(keywords);
    };
    let mut words = Vec::new();
    let mut others = Vec::new();
    for variant in variants {
        match words_of(&variant) {
            Some(more) => words.extend(more),
            None => others.push(variant),
        }
    }
    if words.is_empty() {
        keywords.insert("oneOf".to_owned(), Value::Array(others));
        return Value::Object(sorted(keywords));
    }
    let mut list = Map::new();
    list.insert("enum".to_owned(), Value::Array(sorted_words(words)));
    list.insert("type".to_owned(), Value::from("string"));
    if others.is_empty() {
        keywords.extend(list);
    } else {
        others.insert(0, Value::Object(list));
        keywords.insert("oneOf".to_owned(), Value::Array(others));
    }
    Value::Object(sorted(keywords))
}

/// The words, where a variant is nothing but one or several fixed strings.
fn words_of(variant: &Value) -> Option<Vec<Value>> {
    let keywords = variant.as_object()?;
    if keywords.len() != 2 || keywords.get("type")?.as_str()? != "string" {
        return None;
    }
    match (keywords.get("const"), keywords.get("enum")) {
        (Some(word), None) => Some(vec![word.clone()]),
        (None, Some(Value::Array(words))) => Some(words.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prose_goes_and_a_property_that_is_called_like_prose_stays() {
        let documented = json!({
            "title": "Product",
            "description": "What the shop sells.",
            "type": "object",
            "properties": {"title": {"type": "string", "description": "Its name."}, "description": {"type": "string"}},
            "required": ["title", "description"],
        });
        let bare = json!({
            "properties": {"description": {"type": "string"}, "title": {"type": "string"}},
            "required": ["description", "title"],
            "type": "object",
        });
        assert_eq!(canonical(documented).to_string(), bare.to_string());
    }

    #[test]
    fn an_enum_reads_the_same_with_and_without_documented_variants() {
        let payload =
            json!({"type": "object", "properties": {"Declined": {"type": "string"}}, "required": ["Declined"]});
        let documented = json!({"oneOf": [
            {"type": "string", "const": "Ended", "description": "Given up."},
            payload,
            {"type": "string", "const": "Busy"},
        ]});
        let bare = json!({"oneOf": [{"type": "string", "enum": ["Ended", "Busy"]}, payload]});
        assert_eq!(canonical(documented).to_string(), canonical(bare).to_string());
        let none = json!({"not": {}, "description": "Has no variants."});
        assert_eq!(canonical(none), json!(false));
        let words = json!({"oneOf": [{"type": "string", "const": "b"}, {"type": "string", "const": "a"}]});
        assert_eq!(canonical(words), json!({"enum": ["a", "b"], "type": "string"}));
    }
}
