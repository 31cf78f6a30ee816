//! Ids in paths.

use std::str::FromStr;

use super::problem::{Problem, ProblemKind};

/// The id in a path. What is not an id names nothing, so it is answered like an id that names nothing.
///
/// # Errors
/// A problem of kind `not_found`.
pub fn path_id<Id: FromStr>(text: &str, not_found: ProblemKind) -> Result<Id, Problem> {
    text.parse().map_err(|_not_an_id| Problem::new(not_found))
}
