//! Pages of lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageRequest {
    /// How many entries at most: 1 to [`PageRequest::MAX_LIMIT`], in an audit 1 to [`PageRequest::MAX_AUDIT_LIMIT`].
    pub limit: u32,
    /// The cursor that the previous page gave; `None` for the first page.
    pub after: Option<String>,
}

impl PageRequest {
    /// The most entries of a page. A larger wish is refused, so that a client notices.
    pub const MAX_LIMIT: u32 = 100;
    /// The most entries of a page of an audit, which reads everything: fewer and larger pages spare most of the time.
    pub const MAX_AUDIT_LIMIT: u32 = 1_000;
    /// Entries of a page when the client does not say.
    pub const DEFAULT_LIMIT: u32 = 20;

    /// The first page of the default size.
    pub fn first() -> Self {
        Self {
            limit: Self::DEFAULT_LIMIT,
            after: None,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` entries: the one too many tells that there is a next page, whose cursor is
    /// made from the last entry that is shown.
    pub fn from_one_more(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = if has_more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(map).collect(),
            next: self.next,
        }
    }
}
