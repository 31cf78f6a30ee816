//! Rings, crates and technologies.

use super::{breaks, breaks_all};

/// The traps are in `reaches_out.rs`: groups, aliases, globs, `super`, inline modules, macros, attributes.
#[test]
fn an_inner_ring_that_names_an_outer_one_is_found_however_it_is_written() {
    let rule = "rings_point_inward";
    breaks_all(
        rule,
        &[
            (rule, "src/adapters/orders/calls_the_use_case.rs", &[1, 2, 4]),
            (rule, "src/adapters/shared/knows_a_context.rs", &[2]),
            (
                rule,
                "src/app/orders/reaches_out.rs",
                &[1, 4, 5, 6, 7, 12, 13, 19, 25, 27, 33],
            ),
            (
                "nothing_is_reexported_across_rings",
                "src/app/orders/reaches_out.rs",
                &[13],
            ),
            (rule, "src/app/shared/knows_a_context.rs", &[1, 2]),
            (rule, "src/domains/orders/upward.rs", &[1, 4]),
            (rule, "src/domains/shared/knows_a_context.rs", &[1]),
            (rule, "src/main.rs", &[2]),
            (rule, "src/ports/orders/laundry.rs", &[1]),
            (rule, "src/ports/orders/outward.rs", &[1]),
            (rule, "src/ports/shared/knows_a_context.rs", &[3]),
        ],
    );
}

#[test]
fn a_crate_that_an_inner_ring_may_not_name_is_found() {
    breaks(
        "inner_rings_use_only_their_crates",
        &[
            ("src/app/orders/rich.rs", &[1]),
            ("src/app/shared/rich.rs", &[1]),
            ("src/domains/orders/rich.rs", &[1, 11, 16, 17]),
            ("src/ports/orders/rich.rs", &[1, 2, 5]),
        ],
    );
}

#[test]
fn a_business_rule_that_reaches_outside_is_found() {
    breaks(
        "domains_touch_nothing_outside",
        &[("src/domains/orders/impure.rs", &[1, 2, 4, 5, 6, 7, 11])],
    );
}

#[test]
fn asynchronous_code_in_an_inner_ring_is_found() {
    breaks(
        "inner_rings_are_synchronous",
        &[
            ("src/app/orders/later.rs", &[2, 3, 4, 6]),
            ("src/domains/orders/later.rs", &[1]),
            ("src/ports/orders/later.rs", &[2]),
        ],
    );
}

#[test]
fn a_technology_outside_its_places_is_found() {
    breaks(
        "technology_stays_at_home",
        &[
            ("src/adapters/inventory/publishes.rs", &[1, 3, 4]),
            ("src/adapters/orders/http/stores.rs", &[1, 4]),
            ("src/adapters/orders/sql/serves.rs", &[1, 3]),
            ("src/adapters/shared/messaging/mod.rs", &[3]),
            ("src/adapters/shared/progress.rs", &[1, 2]),
            ("src/app/bootstrap/stores.rs", &[1]),
        ],
    );
}

#[test]
fn a_clock_or_an_id_that_comes_from_no_port_is_found() {
    breaks(
        "time_and_ids_come_from_ports",
        &[
            ("src/adapters/orders/http/clock.rs", &[5, 6, 7, 8, 9]),
            ("src/app/orders/clock.rs", &[2]),
        ],
    );
}

#[test]
fn a_second_address_for_a_thing_of_another_ring_is_found() {
    let rule = "nothing_is_reexported_across_rings";
    breaks_all(
        rule,
        &[
            (rule, "src/app/orders/globs.rs", &[1, 2, 3, 5]),
            (rule, "src/lib.rs", &[8]),
            ("rings_point_inward", "src/lib.rs", &[8]),
            (rule, "src/ports/orders/presents.rs", &[1, 2, 3]),
        ],
    );
}
