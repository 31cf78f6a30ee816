//! The HTTP edge: what every endpoint of every context has in common.

pub mod api;
pub mod bulkhead;
pub mod dead_letters;
pub mod internal;

pub mod bounded_body;
pub mod call;
pub mod conditional;
pub mod edge;
pub mod json_body;
pub mod money;
pub mod page;
pub mod path_id;
pub mod payment_input;
pub mod postal_address;
pub mod problem;
pub mod query_params;
pub mod strict_json;
