//! Tests of catalog.

mod fixtures;

mod list_contract;
mod store_contract;

mod create_product;
mod get_product;
mod list_products;
mod quote_products;
mod update_product;

mod import_product;

mod create_category;
mod get_category;

mod on_stock_changed;

mod races;

mod http;
