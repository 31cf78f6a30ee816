//! An in-memory fake of the identity store.
