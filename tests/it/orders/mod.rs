//! Tests of orders.

mod after_placing;
mod bad_input;
mod checkout_saga;
mod place_order;
mod saga_matrix;
mod store_contract;
mod stuck_order;
