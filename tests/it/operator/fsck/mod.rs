//! `banyan fsck`, over books that are kept by the test.

mod books;
mod consumers;
mod living;
mod money;
mod sagas;
mod stock;
