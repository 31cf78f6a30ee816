//! The tables of payments, made by `migrations/payments`.

diesel::table! {
    payments (id) {
        id -> Text,
        order_id -> Text,
        customer_id -> Text,
        status -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        refunded_minor -> BigInt,
        provider -> Text,
        provider_key -> Text,
        decline_reason -> Nullable<Text>,
        attempts -> Integer,
        attempt_started_at -> Nullable<Timestamp>,
        attempt_abandoned -> Bool,
        request_scope -> Nullable<Text>,
        request_key -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    refunds (id) {
        id -> Text,
        payment_id -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        reason -> Text,
        status -> Text,
        request_scope -> Nullable<Text>,
        request_key -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_inbox (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        event_type -> Text,
        body -> Text,
        status -> Text,
        reason -> Text,
        waits_for -> Nullable<Text>,
        attempts -> Integer,
        received_at -> Timestamp,
        next_attempt_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(payments, webhook_inbox);
