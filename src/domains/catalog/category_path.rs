//! Where a category is in the tree.

use std::fmt;
use std::str::FromStr;

use crate::domains::shared::slug::{InvalidSlug, Slug};

/// The slugs from the root of the tree down to a category: `food/dairy/`. The text form ends with a slash, so that a
/// category's path is the beginning of the paths below it and of no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryPath {
    above: Vec<Slug>,
    slug: Slug,
}

/// The tree would have more than [`CategoryPath::MAX_DEPTH`] levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at most {} levels", CategoryPath::MAX_DEPTH)]
pub struct TooDeep;

impl CategoryPath {
    /// The most levels of the tree: more than any navigation shows.
    pub const MAX_DEPTH: usize = 8;

    /// The path of a category that has none above it.
    pub fn root(slug: Slug) -> Self {
        Self {
            above: Vec::new(),
            slug,
        }
    }

    /// The path of a category right below this one.
    ///
    /// # Errors
    /// [`TooDeep`].
    pub fn below(&self, slug: Slug) -> Result<Self, TooDeep> {
        if self.depth() >= Self::MAX_DEPTH {
            return Err(TooDeep);
        }
        let mut above = self.above.clone();
        above.push(self.slug.clone());
        Ok(Self { above, slug })
    }

    /// The category.
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// The categories above it, root first.
    pub fn above(&self) -> &[Slug] {
        &self.above
    }

    /// The level it is on; 1 for a root.
    pub fn depth(&self) -> usize {
        self.above.len() + 1
    }
}

impl fmt::Display for CategoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for slug in &self.above {
            write!(f, "{slug}/")?;
        }
        write!(f, "{}/", self.slug)
    }
}

impl FromStr for CategoryPath {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let mut above = text
            .strip_suffix('/')
            .ok_or(InvalidSlug)?
            .split('/')
            .map(str::parse)
            .collect::<Result<Vec<Slug>, InvalidSlug>>()?;
        let slug = above.pop().ok_or(InvalidSlug)?;
        Ok(Self { above, slug })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_the_round_trip_through_its_text() {
        let root = CategoryPath::root("food".parse().unwrap());
        let dairy = root.below("dairy".parse().unwrap()).unwrap();
        assert_eq!(dairy.to_string(), "food/dairy/");
        assert_eq!("food/dairy/".parse(), Ok(dairy));
        assert_eq!("food/".parse(), Ok(root));
        for text in ["", "/", "food", "food//dairy/", "Food/"] {
            assert_eq!(text.parse::<CategoryPath>(), Err(InvalidSlug), "{text}");
        }
    }

    #[test]
    fn the_tree_has_eight_levels_and_no_ninth() {
        let mut path = CategoryPath::root("c1".parse().unwrap());
        for level in 2..=8 {
            path = path.below(format!("c{level}").parse().unwrap()).unwrap();
        }
        assert_eq!(path.depth(), 8);
        assert_eq!(path.below("c9".parse().unwrap()), Err(TooDeep));
    }
}
