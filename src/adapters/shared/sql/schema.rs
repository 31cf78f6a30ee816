//! The tables that each context's database has, made by `migrations/shared`.

diesel::table! {
    event_log (seq) {
        seq -> BigInt,
        event_id -> Text,
        event_type -> Text,
        version -> Integer,
        subject -> Text,
        payload -> Text,
        occurred_at -> Timestamp,
        correlation_id -> Text,
        trace_parent -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_keys (scope, key) {
        scope -> Text,
        key -> Text,
        operation -> Text,
        fingerprint -> Text,
        answer -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    consumer_positions (consumer) {
        consumer -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    dead_letters (consumer, seq) {
        consumer -> Text,
        seq -> BigInt,
        event_id -> Text,
        event_type -> Text,
        version -> Integer,
        subject -> Text,
        payload -> Text,
        occurred_at -> Timestamp,
        correlation_id -> Text,
        trace_parent -> Nullable<Text>,
        reason -> Text,
        attempts -> Integer,
        parked_at -> Timestamp,
    }
}

diesel::table! {
    sagas (id) {
        id -> Text,
        kind -> Text,
        subject -> Text,
        status -> Text,
        position -> Integer,
        state -> Text,
        attempts -> Integer,
        reason -> Nullable<Text>,
        lease_owner -> Text,
        lease_until -> Timestamp,
        next_attempt_at -> Timestamp,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    worker_leases (name) {
        name -> Text,
        owner -> Text,
        until -> Timestamp,
    }
}
