//! Ring 2: what crosses a boundary. Messages (operations, events) that other contexts and the HTTP edge send, and the
//! traits that a context asks its technology to fulfil.

pub mod shared;

pub mod catalog;
pub mod identity;
pub mod inventory;
pub mod orders;
pub mod payments;
