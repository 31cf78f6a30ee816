//! An in-memory fake of the payments store.
