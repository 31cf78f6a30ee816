//! Pages of lists, as clients ask for them and see them.

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{self, Problem};
use crate::ports::shared::page::{Page, PageRequest};

/// Checks `limit` (1 to 100, 20 where absent) and `after`.
///
/// # Errors
/// 400 `invalid_query` for a limit outside of its range.
pub fn page_request(limit: Option<i64>, after: Option<String>) -> Result<PageRequest, Problem> {
    let limit = match limit {
        None => PageRequest::DEFAULT_LIMIT,
        Some(limit) => u32::try_from(limit)
            .ok()
            .filter(|limit| (1..=PageRequest::MAX_LIMIT).contains(limit))
            .ok_or_else(|| {
                Problem::new(problem::INVALID_QUERY)
                    .detail(format!("limit must be from 1 to {}", PageRequest::MAX_LIMIT))
            })?,
    };
    Ok(PageRequest { limit, after })
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody<T> {
    /// The entries.
    pub data: Vec<T>,
    /// How to go on.
    pub page: PageInfo,
}

/// How to go on in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageInfo {
    /// Send it as `after` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    /// The body of a page.
    pub fn of<I: Into<T>>(page: Page<I>) -> Self {
        Self {
            data: page.items.into_iter().map(Into::into).collect(),
            page: PageInfo { next_cursor: page.next },
        }
    }
}
