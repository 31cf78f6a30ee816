//! Inventory's tables, made by `migrations/inventory`.

diesel::table! {
    stock_levels (product_id, location) {
        product_id -> Text,
        location -> Text,
        on_hand -> BigInt,
        reserved -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    stock_movements (id) {
        id -> Text,
        product_id -> Text,
        location -> Text,
        kind -> Text,
        quantity -> BigInt,
        on_hand_after -> BigInt,
        reason -> Text,
        reservation_id -> Nullable<Text>,
        occurred_at -> Timestamp,
    }
}

diesel::table! {
    reservations (id) {
        id -> Text,
        order_id -> Text,
        status -> Text,
        expires_at -> Timestamp,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    reservation_lines (reservation_id, line_no) {
        reservation_id -> Text,
        line_no -> Integer,
        product_id -> Text,
        location -> Text,
        quantity -> BigInt,
    }
}

diesel::joinable!(reservation_lines -> reservations (reservation_id));
diesel::allow_tables_to_appear_in_same_query!(reservation_lines, reservations);
