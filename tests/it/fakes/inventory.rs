//! An in-memory fake of the inventory store.
