//! The architecture of Banyan as executable rules.
//!
//! The rules read source text with `syn`; they never compile, link or import the package they judge. So they run in
//! seconds, they still speak when the package does not build, and nothing they say depends on a feature flag.
//!
//! Reading order: [`declared`] is what a reviewer edits (who may call whom, which crate may appear where), [`rules`]
//! is what it means, [`tree`] is what the rules look at, and [`source`] and [`sql`] are how text becomes facts.
//!
//! Known limits, so that nobody trusts more than there is: code that a procedural macro writes is not seen, a type that
//! is only inferred is not a name, and SQL whose table name is a format argument is not followed.

pub mod declared;
pub mod finding;
pub mod migrations;
pub mod names;
pub mod place;
pub mod rules;
pub mod source;
pub mod sql;
pub mod tree;
