//! Identity: who somebody is, how they prove it, and where their parcels go.

pub mod user;

pub mod password;

pub mod session;

pub mod address_book;
