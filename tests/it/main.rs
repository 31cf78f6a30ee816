//! Integration tests: real databases, a real server, real processes. Paths mirror context and use case.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod fakes;

mod shared;

mod catalog;
mod identity;
mod inventory;
mod messaging;
mod operator;
mod orders;
mod payments;

mod platform;
