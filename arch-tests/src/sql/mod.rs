//! Just enough SQL: words, the tables a statement names, and what a row of migrations leaves behind.

mod schema;
mod statements;
mod words;

pub use schema::{Schema, Table};
pub use statements::{Mention, tables_named, tables_referenced};
pub use words::{Word, looks_like_sql, words};
