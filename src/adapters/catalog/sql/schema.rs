//! The catalog's tables, made by `migrations/catalog`.

diesel::table! {
    categories (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        parent_id -> Nullable<Text>,
        path -> Text,
        depth -> Integer,
        version -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    products (id) {
        id -> Text,
        sku -> Text,
        slug -> Text,
        name -> Text,
        name_folded -> Text,
        description -> Text,
        price_minor -> BigInt,
        currency -> Text,
        active -> Bool,
        in_stock -> Bool,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    product_categories (product_id, category_id) {
        product_id -> Text,
        category_id -> Text,
    }
}

diesel::table! {
    product_availability (product_id, location) {
        product_id -> Text,
        location -> Text,
        available -> BigInt,
        version -> BigInt,
    }
}

diesel::joinable!(product_categories -> categories (category_id));
diesel::allow_tables_to_appear_in_same_query!(products, product_categories, categories);
