//! An in-memory fake of the orders store.
