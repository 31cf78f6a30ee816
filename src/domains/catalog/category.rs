//! A category: a node of the tree under which products are found.

use super::category_path::{CategoryPath, TooDeep};
use super::folding::folded;
use crate::domains::shared::ids::CategoryId;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::text::{InvalidText, single_line};
use crate::domains::shared::timestamp::Timestamp;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    id: CategoryId,
    name: CategoryName,
    parent_id: Option<CategoryId>,
    path: CategoryPath,
    version: i64,
    created_at: Timestamp,
}

/// The name of a category for people: one line of 1 to [`CategoryName::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryName(String);

impl CategoryName {
    /// The most characters of a name.
    pub const MAX_CHARS: usize = 100;

    /// Trims and checks a name.
    ///
    /// # Errors
    /// [`InvalidText`].
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        single_line(text, Self::MAX_CHARS).map(Self)
    }

    /// Takes over what a database has kept. For rows only.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared.
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

impl Category {
    /// A new category that has none above it.
    pub fn root(id: CategoryId, name: CategoryName, slug: Slug, now: Timestamp) -> Self {
        Self {
            id,
            name,
            parent_id: None,
            path: CategoryPath::root(slug),
            version: 1,
            created_at: now,
        }
    }

    /// A new category right below this one.
    ///
    /// # Errors
    /// [`TooDeep`].
    pub fn new_below(&self, id: CategoryId, name: CategoryName, slug: Slug, now: Timestamp) -> Result<Self, TooDeep> {
        Ok(Self {
            id,
            name,
            parent_id: Some(self.id),
            path: self.path.below(slug)?,
            version: 1,
            created_at: now,
        })
    }

    /// Takes over what a database has kept. For rows only.
    pub fn from_storage(
        id: CategoryId,
        name: CategoryName,
        parent_id: Option<CategoryId>,
        path: CategoryPath,
        version: i64,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            name,
            parent_id,
            path,
            version,
            created_at,
        }
    }

    /// Its id.
    pub fn id(&self) -> CategoryId {
        self.id
    }

    /// Its name for people.
    pub fn name(&self) -> &CategoryName {
        &self.name
    }

    /// Its name in URLs.
    pub fn slug(&self) -> &Slug {
        self.path.slug()
    }

    /// The category above it; none for a root.
    pub fn parent_id(&self) -> Option<CategoryId> {
        self.parent_id
    }

    /// The slug of the category above it; none for a root.
    pub fn parent_slug(&self) -> Option<&Slug> {
        self.path.above().last()
    }

    /// Where it is in the tree.
    pub fn path(&self) -> &CategoryPath {
        &self.path
    }

    /// Counts its changes.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}
