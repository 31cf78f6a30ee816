//! What a schema allows, taken apart: a list of alternatives without references, unions and lists of types.

use serde_json::{Map, Value};

use super::Shape;
use super::limits::{Numbers, Texts};

/// How many references, unions within unions, may lead from a schema to what it allows: a chain that is longer goes in a
/// circle.
const STEPS_MAX: u32 = 32;

/// Keywords that allow or forbid nothing.
const SILENT: &[&str] = &[
    "$comment",
    "$defs",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// One of the things that a schema allows.
#[derive(Debug)]
pub(super) enum Alternative<'a> {
    Anything,
    Fixed(&'a Value),
    Null,
    Boolean,
    Number(Numbers<'a>),
    Text(Texts<'a>),
    List(Lists<'a>),
    Object(Objects<'a>),
}

/// Lists, and tuples, whose first places have schemas of their own.
#[derive(Debug)]
pub(super) struct Lists<'a> {
    pub(super) first: &'a [Value],
    pub(super) rest: Option<&'a Value>,
    pub(super) length_min: u64,
    pub(super) length_max: Option<u64>,
    pub(super) unique: bool,
}

/// Structs, variants with content, and maps.
#[derive(Debug)]
pub(super) struct Objects<'a> {
    pub(super) properties: Option<&'a Map<String, Value>>,
    pub(super) required: Vec<&'a str>,
    pub(super) rest: Option<&'a Value>,
}

impl<'a> Objects<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&'a Value> {
        self.properties.and_then(|properties| properties.get(name))
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.required.contains(&name)
    }

    /// What tells this variant of an enum from the others: the property that is always there with one and the same text
    /// (`"kind": "user"`), or the only property that may be there at all.
    pub(super) fn tag(&self) -> Option<(&'a str, Option<&'a str>)> {
        let properties = self.properties?;
        let fixed = properties.iter().find_map(|(name, schema)| {
            let text = schema.get("const")?.as_str()?;
            self.requires(name).then_some((name.as_str(), Some(text)))
        });
        let only = || match self.required.as_slice() {
            [only] if properties.len() == 1 && self.rest == Some(&Value::Bool(false)) => Some((*only, None)),
            _ => None,
        };
        fixed.or_else(only)
    }
}

impl Alternative<'_> {
    /// For people.
    pub(super) fn spoken(&self) -> String {
        match self {
            Self::Anything => "anything".to_owned(),
            Self::Fixed(value) => format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            Self::Null => "null".to_owned(),
            Self::Boolean => "a boolean".to_owned(),
            Self::Number(numbers) if numbers.whole => "an integer".to_owned(),
            Self::Number(_) => "a number".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Object(object) => match object.tag() {
                Some((name, Some(value))) => format!("the variant `{name}: {value}`"),
                Some((name, None)) => format!("the variant `{name}`"),
                None => "an object".to_owned(),
            },
        }
    }

    /// Whether the other is the same thing, perhaps in another version: then the differences within are worth telling.
    pub(super) fn is_kin_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(one), Self::Object(other)) => match (one.tag(), other.tag()) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            },
            (Self::Fixed(_), Self::Text(_) | Self::Number(_)) | (Self::Text(_) | Self::Number(_), Self::Fixed(_)) => {
                true
            }
            (Self::Fixed(_), Self::Fixed(_)) => false,
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

/// What a schema allows; nothing for `false` and for an enum without variants.
///
/// # Errors
/// What in the schema is not understood here.
pub(super) fn alternatives<'a>(schema: &'a Value, shape: Shape<'a>) -> Result<Vec<Alternative<'a>>, String> {
    let mut found = Vec::new();
    collect(schema, shape, STEPS_MAX, &mut found)?;
    Ok(found)
}

fn collect<'a>(
    schema: &'a Value,
    shape: Shape<'a>,
    steps: u32,
    found: &mut Vec<Alternative<'a>>,
) -> Result<(), String> {
    let keywords = match schema {
        Value::Bool(true) => {
            found.push(Alternative::Anything);
            return Ok(());
        }
        Value::Bool(false) => return Ok(()),
        Value::Object(keywords) => keywords,
        other => return Err(format!("`{other}` is not a schema")),
    };
    let steps = steps.checked_sub(1).ok_or("the references go in a circle")?;
    if let Some(reference) = keywords.get("$ref") {
        only(keywords, &["$ref"])?;
        return collect(resolved(reference, shape)?, shape, steps, found);
    }
    for union in ["oneOf", "anyOf"] {
        if let Some(variants) = keywords.get(union) {
            only(keywords, &[union])?;
            let variants = variants.as_array().ok_or_else(|| format!("`{union}` is not a list"))?;
            return variants
                .iter()
                .try_for_each(|variant| collect(variant, shape, steps, found));
        }
    }
    if let Some(value) = keywords.get("const") {
        only(keywords, &["const", "type"])?;
        found.push(fixed(value));
        return Ok(());
    }
    if let Some(values) = keywords.get("enum") {
        only(keywords, &["enum", "type"])?;
        let values = values.as_array().ok_or("`enum` is not a list")?;
        found.extend(values.iter().map(fixed));
        return Ok(());
    }
    by_types(keywords, found)
}

fn by_types<'a>(keywords: &'a Map<String, Value>, found: &mut Vec<Alternative<'a>>) -> Result<(), String> {
    let names: Vec<&str> = match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(other) => return Err(format!("`{other}` is not a type")),
        None => {
            only(keywords, &[])?;
            found.push(Alternative::Anything);
            return Ok(());
        }
    };
    let mut allowed = vec!["type"];
    for name in &names {
        allowed.extend(keywords_of(name).ok_or_else(|| format!("the type `{name}` is not known"))?);
    }
    only(keywords, &allowed)?;
    for name in names {
        found.push(match name {
            "null" => Alternative::Null,
            "boolean" => Alternative::Boolean,
            "string" => Alternative::Text(Texts::of(keywords)?),
            "array" => Alternative::List(lists(keywords)?),
            "object" => Alternative::Object(objects(keywords)?),
            _ => Alternative::Number(Numbers::of(keywords, name == "integer")?),
        });
    }
    Ok(())
}

/// What may stand beside a type.
fn keywords_of(type_name: &str) -> Option<&'static [&'static str]> {
    Some(match type_name {
        "null" | "boolean" => &[],
        "integer" | "number" => &["format", "minimum", "maximum"],
        "string" => &["format", "pattern", "minLength", "maxLength"],
        "array" => &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
        "object" => &["properties", "required", "additionalProperties"],
        _ => return None,
    })
}

fn only(keywords: &Map<String, Value>, allowed: &[&str]) -> Result<(), String> {
    let is_known = |keyword: &str| allowed.contains(&keyword) || SILENT.contains(&keyword);
    match keywords.keys().find(|keyword| !is_known(keyword)) {
        Some(unknown) => Err(format!("the keyword `{unknown}` cannot be compared here")),
        None => Ok(()),
    }
}

fn resolved<'a>(reference: &Value, shape: Shape<'a>) -> Result<&'a Value, String> {
    let target = reference.as_str().and_then(|reference| shape.referred(reference));
    target.ok_or_else(|| format!("the reference {reference} leads nowhere"))
}

fn fixed(value: &Value) -> Alternative<'_> {
    if value.is_null() {
        Alternative::Null
    } else {
        Alternative::Fixed(value)
    }
}

fn lists(keywords: &Map<String, Value>) -> Result<Lists<'_>, String> {
    let first = match keywords.get("prefixItems") {
        Some(schemas) => schemas.as_array().ok_or("`prefixItems` is not a list")?,
        None => &[][..],
    };
    Ok(Lists {
        first,
        rest: keywords.get("items"),
        length_min: length(keywords, "minItems")?.unwrap_or(0),
        length_max: length(keywords, "maxItems")?,
        unique: keywords.get("uniqueItems") == Some(&Value::Bool(true)),
    })
}

fn objects(keywords: &Map<String, Value>) -> Result<Objects<'_>, String> {
    let required = match keywords.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(other) => return Err(format!("`required` is {other}")),
        None => Vec::new(),
    };
    let properties = match keywords.get("properties") {
        Some(Value::Object(properties)) => Some(properties),
        Some(other) => return Err(format!("`properties` is {other}")),
        None => None,
    };
    Ok(Objects {
        properties,
        required,
        rest: keywords.get("additionalProperties"),
    })
}

/// A number of characters or of items.
pub(super) fn length(keywords: &Map<String, Value>, name: &str) -> Result<Option<u64>, String> {
    match keywords.get(name) {
        Some(value) => match value.as_u64() {
            Some(length) => Ok(Some(length)),
            None => Err(format!("`{name}` is {value}")),
        },
        None => Ok(None),
    }
}
