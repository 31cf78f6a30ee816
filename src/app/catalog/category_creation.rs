//! What creating and importing categories have in common.

use std::collections::BTreeSet;

use super::MAX_SLUG_NUMBER;
use crate::domains::catalog::category::CategoryName;
use crate::domains::shared::slug::Slug;

/// A slug made from a name, with a number behind it if it is taken.
pub(super) fn free_slug(name: &CategoryName, taken: &BTreeSet<&Slug>) -> Result<Slug, NoSlug> {
    let stem = Slug::from_name(name.as_str()).ok_or(NoSlug::NoLatinLetters)?;
    let numbered = (2..=MAX_SLUG_NUMBER).map(|number| stem.numbered(number));
    std::iter::once(stem.clone())
        .chain(numbered)
        .find(|slug| !taken.contains(slug))
        .ok_or(NoSlug::AllTaken)
}

/// Why no slug can be made from a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSlug {
    /// Nothing is left of it.
    NoLatinLetters,
    /// It is taken with every number.
    AllTaken,
}
