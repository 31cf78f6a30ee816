//! `GET /api/v1/openapi.json`, `GET /docs/`.

use std::collections::BTreeSet;

use banyan::app::bootstrap::routes;
use serde_json::Value;

use crate::support::app::{On, TestApp};

fn document() -> Value {
    serde_json::to_value(routes::document(routes::all())).unwrap()
}

/// Method, path and description of each operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap();
            methods
                .iter()
                .map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect()
}

#[test]
fn the_document_changes_only_on_purpose() {
    insta::assert_json_snapshot!(document());
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_tag_that_is_explained() {
    let document = document();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} stands twice");
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
    }
}

#[test]
fn every_operation_that_can_fail_says_so_with_a_problem() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let failed = status == "default" || status.starts_with('4') || status.starts_with('5');
            if failed && !path.starts_with("/health/") {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ProblemBody", "{method} {path} {status}");
            }
        }
    }
}

/// Follows every reference of a document; returns how many different ones there are.
pub fn assert_references_lead_somewhere(document: &Value) -> usize {
    fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, member)| match member.as_str() {
                Some(target) if name == "$ref" => drop(found.insert(target)),
                _ => references(member, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    references(document, &mut found);
    for reference in &found {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    found.len()
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    assert!(assert_references_lead_somewhere(&document()) > 0);
}

#[test]
fn the_document_and_the_page_are_served() {
    let app = TestApp::start(On::Sqlite);
    let served = app.get("/api/v1/openapi.json").send();
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.expect(200), document());
    let without_slash = app.get("/docs").send();
    assert_eq!(
        (without_slash.status, without_slash.header("location")),
        (308, Some("/docs/"))
    );
    let page = app.get("/docs/").send();
    assert_eq!(page.status, 200);
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let file = app.get(&format!("/docs/{file}")).send();
        assert_eq!(file.status, 200);
        assert!(!file.text.contains("petstore"), "it shows our API");
    }
}
