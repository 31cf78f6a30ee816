//! An in-memory fake of the catalog store.
