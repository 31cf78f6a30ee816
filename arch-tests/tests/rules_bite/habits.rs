//! Names, sizes and attributes.

use super::breaks;

#[test]
fn a_file_that_does_not_parse_is_a_finding_and_hides_no_other_file() {
    breaks(
        "every_file_can_be_read",
        &[
            ("src/app/orders/broken.rs", &[2]),
            ("src/app/orders/moved.rs", &[2, 4]),
            ("tests/it/broken.rs", &[1]),
        ],
    );
}

#[test]
fn a_name_that_says_nothing_is_found() {
    breaks(
        "names_say_what_a_thing_is",
        &[
            ("src/adapters/shared/utils.rs", &[1]),
            ("src/app/orders/helpers/inner.rs", &[1]),
            ("src/app/orders/helpers/mod.rs", &[1]),
            ("src/domains/orders/total.rs", &[3]),
        ],
    );
}

#[test]
fn a_file_or_a_function_one_line_too_long_is_found() {
    breaks(
        "files_and_functions_stay_short",
        &[
            ("arch-tests/src/rules/long_rule.rs", &[1]),
            ("src/app/orders/long_function.rs", &[75]),
            ("src/domains/orders/long_file.rs", &[501]),
            ("tests/it/long_test.rs", &[2]),
        ],
    );
}

#[test]
fn a_test_switched_off_and_a_lint_silenced_without_argument_are_found() {
    breaks(
        "tests_run_and_lints_are_argued",
        &[
            ("src/app/orders/silenced.rs", &[1, 3, 6, 7, 12]),
            ("tests/it/silenced.rs", &[2, 6]),
        ],
    );
}
