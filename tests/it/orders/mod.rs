//! Tests of orders.

mod store_contract;
