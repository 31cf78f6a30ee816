//! Tests of orders.

mod checkout_saga;
mod store_contract;
