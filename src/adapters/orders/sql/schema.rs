//! The tables of orders, made by `migrations/orders`.

diesel::table! {
    orders (id) {
        id -> Text,
        customer_id -> Text,
        status -> Text,
        awaiting_payment -> Bool,
        subtotal_minor -> BigInt,
        tax_minor -> BigInt,
        shipping_minor -> BigInt,
        total_minor -> BigInt,
        currency -> Text,
        street -> Text,
        city -> Text,
        state -> Text,
        zip_code -> Text,
        country -> Text,
        payment_id -> Text,
        reservation_id -> Text,
        cancel_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    order_lines (order_id, line_no) {
        order_id -> Text,
        line_no -> Integer,
        product_id -> Text,
        sku -> Text,
        name -> Text,
        quantity -> Integer,
        unit_price_minor -> BigInt,
        total_minor -> BigInt,
    }
}
