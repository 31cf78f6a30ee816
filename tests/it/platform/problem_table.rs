//! `GET /problems`: the table that clients program against.

use std::collections::BTreeSet;

use banyan::app::bootstrap::platform::problem_table::tables;

use crate::support::app::{On, TestApp};

#[test]
fn no_code_stands_for_two_problems() {
    let mut seen = BTreeSet::new();
    for kind in tables().flat_map(|(_, kinds)| kinds) {
        assert!(seen.insert(kind.code), "{} stands twice", kind.code);
    }
}

#[test]
fn the_table_changes_only_on_purpose() {
    let rows: Vec<String> = tables()
        .flat_map(|(context, kinds)| {
            kinds
                .iter()
                .map(move |kind| format!("{} {context} {}: {}", kind.status, kind.code, kind.title))
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn the_type_of_every_problem_can_be_followed() {
    let app = TestApp::start(On::Sqlite);
    let table = app.get("/problems").send().expect(200);
    let kinds: Vec<_> = table["data"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.len(), tables().map(|(_, kinds)| kinds.len()).sum::<usize>());
    for kind in kinds {
        let page = app.get(kind["type"].as_str().unwrap()).send().expect(200);
        assert_eq!(&page, kind);
    }
    app.get("/problems/of_our_own").send().problem(404, "route_not_found");
}
