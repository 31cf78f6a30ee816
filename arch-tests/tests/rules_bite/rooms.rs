//! Contexts, their rooms, and what they know of each other.

use arch_tests::declared::{BANYAN, Graph};
use arch_tests::rules::all_findings;
use arch_tests::rules::contexts_know_each_other_as_declared::{check_against, find_cycle};
use arch_tests::rules::every_operation_has_its_use_case::snake_case;
use arch_tests::tree::Tree;

use super::{breaks, breaks_all, fixture};

#[test]
fn another_context_named_beside_its_published_ports_is_found() {
    let rule = "contexts_meet_only_in_published_ports";
    breaks_all(
        rule,
        &[
            (rule, "src/adapters/orders/trespasses.rs", &[1, 4]),
            (rule, "src/app/orders/starred.rs", &[3]),
            ("nothing_is_reexported_across_rings", "src/app/orders/starred.rs", &[1]),
            (rule, "src/app/orders/trespasses.rs", &[1, 2, 3, 5, 6, 11]),
            (rule, "src/domains/catalog/mod.rs", &[1]),
            (rule, "src/ports/orders/outbound.rs", &[2]),
        ],
    );
}

#[test]
fn a_finding_says_what_to_do_instead() {
    let tree = fixture("contexts_meet_only_in_published_ports");
    let finding = all_findings(&tree)
        .into_iter()
        .find(|f| f.file == "src/domains/catalog/mod.rs")
        .unwrap();
    assert_eq!(
        finding.to_string(),
        "src/domains/catalog/mod.rs:1: [contexts_meet_only_in_published_ports] catalog names \
         `crate::domains::orders::order::Order` of orders; use crate::ports::orders::operations or ::events, and publish \
         there what is missing"
    );
}

#[test]
fn a_message_made_of_anything_but_the_shared_kernel_is_found() {
    breaks(
        "messages_speak_only_the_shared_kernel",
        &[
            ("src/ports/inventory/events/mod.rs", &[1]),
            ("src/ports/orders/operations.rs", &[2, 6]),
        ],
    );
}

#[test]
fn a_call_or_a_subscription_that_is_not_declared_is_found() {
    let rule = "contexts_know_each_other_as_declared";
    breaks_all(
        rule,
        &[
            (rule, "src/adapters/inventory/listens.rs", &[1]),
            (rule, "src/app/catalog/calls_back.rs", &[1, 2]),
            (rule, "src/domains/reviews", &[1]),
            // What may not be called is not on the map either.
            (
                "the_map_tells_who_calls_and_who_listens",
                "src/app/catalog/calls_back.rs",
                &[1],
            ),
        ],
    );
}

#[test]
fn a_cycle_in_the_declared_calls_is_found() {
    let calls = &[
        ("orders", "payments"),
        ("payments", "inventory"),
        ("inventory", "payments"),
        ("orders", "inventory"),
    ];
    assert_eq!(find_cycle(calls), Some(vec!["payments", "inventory", "payments"]));
    assert_eq!(find_cycle(&[("orders", "orders")]), Some(vec!["orders", "orders"]));
    assert_eq!(find_cycle(BANYAN.calls), None);

    let circular = Graph {
        calls: &[("orders", "catalog"), ("catalog", "orders")],
        ..BANYAN
    };
    let found = check_against(&fixture("clean"), &circular);
    assert!(
        found
            .iter()
            .any(|f| f.file == "arch-tests/src/declared.rs" && f.message.contains("circle")),
        "{found:?}"
    );
}

#[test]
fn a_declared_edge_to_nowhere_is_found() {
    let typo = Graph {
        listens: &[("catalog", "inventroy")],
        ..BANYAN
    };
    let found = check_against(&fixture("clean"), &typo);
    assert!(found.iter().any(|f| f.message.contains("`inventroy`")), "{found:?}");
}

#[test]
fn a_context_without_a_room_and_a_room_without_a_context_are_found() {
    breaks(
        "every_context_has_a_room_in_every_ring",
        &[
            ("src/adapters", &[1]),
            ("src/adapters/loose.rs", &[1]),
            ("src/app", &[1]),
            ("src/app/shipping/mod.rs", &[1]),
            ("src/services/mod.rs", &[1]),
            ("src/settings.rs", &[1]),
        ],
    );
}

#[test]
fn a_tree_without_contexts_is_a_finding() {
    let empty = Tree::default();
    let found = all_findings(&empty);
    assert!(
        found
            .iter()
            .any(|f| f.rule == "every_context_has_a_room_in_every_ring" && f.file == "src/domains")
    );
}

#[test]
fn an_operation_whose_use_case_is_not_where_its_name_says_is_found() {
    breaks(
        "every_operation_has_its_use_case",
        &[("src/ports/inventory/operations.rs", &[7, 10])],
    );
    assert_eq!(snake_case("GetPaymentOfOrder"), "get_payment_of_order");
}

#[test]
fn an_operation_that_is_keyed_by_its_declaration_alone_or_by_its_use_case_alone_is_found() {
    breaks(
        "keyed_operations_look_their_key_up",
        &[("src/ports/inventory/operations.rs", &[4, 7])],
    );
}

#[test]
fn a_call_or_a_consumer_that_is_not_on_the_map_is_found_and_one_that_is_only_there() {
    breaks(
        "the_map_tells_who_calls_and_who_listens",
        &[
            ("src/app/catalog/on_stock_gone.rs", &[8]),
            ("src/app/orders/mod.rs", &[6]),
            ("src/app/orders/place_order.rs", &[3]),
        ],
    );
}
