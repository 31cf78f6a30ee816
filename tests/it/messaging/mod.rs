//! Events between processes over the broker: whatever it does, each takes effect once and in order.

mod two_processes;

mod as_documented;
mod fails_at_a_point;
mod ill_messages;
mod killed;
mod outages;
mod whole_and_once;
mod whole_shop;
