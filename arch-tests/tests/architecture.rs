//! The rules on the real tree. Each test is a rule; a failure lists every place that breaks it and what to do instead.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read the tree has nothing to judge"
)]

use std::path::Path;
use std::sync::OnceLock;

use arch_tests::rules;
use arch_tests::tree::Tree;

/// The tree is read once for all rules.
fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| Tree::load(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap())
}

/// Asserts that the rule had something to look at and finds nothing.
fn holds(name: &str) {
    let rule = rules::named(name).unwrap();
    let findings = rules::findings_of(rule, tree());
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        findings.is_empty(),
        "{name} is broken in {} places:\n{}\n",
        list.len(),
        list.join("\n")
    );
    let seen = (rule.seen)(tree());
    assert!(
        seen > 0,
        "{name} looked at nothing: the tree has moved away from under the rule"
    );
}

/// One test for each rule, and a test that no rule is forgotten here.
macro_rules! every_rule_holds {
    ($($rule:ident)*) => {
        $(#[test]
        fn $rule() {
            holds(stringify!($rule));
        })*

        #[test]
        fn every_rule_has_a_test_here() {
            let tested = [$(stringify!($rule)),*];
            let forgotten: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).filter(|name| !tested.contains(name)).collect();
            assert!(forgotten.is_empty(), "rules without a test: {forgotten:?}");
        }
    };
}

every_rule_holds! {
    every_file_can_be_read
    every_context_has_a_room_in_every_ring
    rings_point_inward
    contexts_meet_only_in_published_ports
    messages_speak_only_the_shared_kernel
    contexts_know_each_other_as_declared
    inner_rings_use_only_their_crates
    domains_touch_nothing_outside
    inner_rings_are_synchronous
    technology_stays_at_home
    time_and_ids_come_from_ports
    every_table_has_one_owner
    sql_names_only_own_tables
    both_databases_migrate_alike
    every_operation_has_its_use_case
    keyed_operations_look_their_key_up
    the_map_tells_who_calls_and_who_listens
    nothing_is_reexported_across_rings
    names_say_what_a_thing_is
    files_and_functions_stay_short
    tests_run_and_lints_are_argued
}

#[test]
fn the_tree_has_contexts_and_each_of_them_has_code_in_every_ring() {
    let contexts = &tree().contexts;
    assert!(
        !contexts.is_empty(),
        "src/domains has no context; the rules about contexts would all be kept by nobody"
    );
    for context in contexts {
        for ring in ["domains", "ports", "app", "adapters"] {
            let room = format!("src/{ring}/{context}/");
            let functions: usize = tree()
                .package()
                .filter(|s| s.file.starts_with(&room))
                .map(|s| s.facts.functions.len())
                .sum();
            let types: usize = tree()
                .package()
                .filter(|s| s.file.starts_with(&room))
                .map(|s| s.facts.paths.len())
                .sum();
            assert!(functions + types > 0, "{room} holds no code at all");
        }
    }
}
