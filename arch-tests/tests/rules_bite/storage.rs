//! Tables, SQL and migrations.

use super::breaks;

#[test]
fn a_table_with_two_owners_or_none_is_found() {
    breaks(
        "every_table_has_one_owner",
        &[
            ("migrations/inventory/postgres/0001_stock/up.sql", &[3, 5]),
            ("migrations/inventory/sqlite/0001_stock/up.sql", &[3, 5]),
            ("migrations/shared/postgres/0001_events/up.sql", &[2]),
            ("migrations/shared/sqlite/0001_events/up.sql", &[1]),
            ("src/adapters/inventory/sql/schema.rs", &[1]),
            ("src/adapters/orders/sql/rows.rs", &[3]),
        ],
    );
}

#[test]
fn sql_that_names_a_table_of_another_context_is_found() {
    breaks(
        "sql_names_only_own_tables",
        &[
            ("migrations/inventory/postgres/0001_view/up.sql", &[3]),
            ("migrations/inventory/sqlite/0001_view/up.sql", &[3]),
            ("src/adapters/inventory/sql/queries.rs", &[2, 5, 6, 7, 8, 9, 10]),
            ("src/adapters/shared/sql/queries.rs", &[1]),
        ],
    );
}

#[test]
fn a_difference_between_the_databases_is_found() {
    breaks(
        "both_databases_migrate_alike",
        &[
            ("migrations/orders/mysql/0001_orders/up.sql", &[1]),
            ("migrations/orders/postgres/0001_orders/up.sql", &[1]),
            ("migrations/orders/postgres/0004_gift/down.sql", &[1]),
            ("migrations/orders/sqlite/0002_note/up.sql", &[1]),
            ("migrations/orders/sqlite/0003_only_here/down.sql", &[1]),
            ("migrations/orders/sqlite/0003_only_here/up.sql", &[1]),
            ("migrations/payments/sqlite/0001_payments/up.sql", &[1]),
        ],
    );
}
