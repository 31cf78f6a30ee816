//! Audits, read page by page.

use std::collections::VecDeque;

use super::super::operator::{Operator, explain};
use super::super::settle::Course;
use super::report::FsckError;
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Handler, Operation};
use crate::ports::shared::page::{Page, PageRequest};

/// Pages read at most to find a row again. It stands on the page where it stood, or rows that came in between have pushed
/// it onto the next one: ids sort by the time of their making, so few rows ever come in between.
const PAGES_TO_FIND_AGAIN: u32 = 10;

/// Where a page begins: the cursor behind the page before.
pub(super) type Cursor = Option<String>;

/// An audit that can be read from any cursor.
pub(super) struct Source<'a, T> {
    operation: &'static str,
    ask: Box<dyn Fn(PageRequest) -> Result<Page<T>, FsckError> + 'a>,
}

impl<'a, T> Source<'a, T> {
    pub(super) fn new<Op, H>(
        operator: Operator<'a>,
        course: Course<'a>,
        handler: &'a H,
        op: impl Fn(PageRequest) -> Op + 'a,
    ) -> Self
    where
        Op: Operation<Reply = Page<T>, Error = Never> + Clone,
        H: Handler<Op> + ?Sized,
    {
        Self {
            operation: Op::NAME,
            ask: Box::new(move |page| {
                course.check()?;
                operator.ask(handler, &op(page)).map_err(|failure| FsckError::Away {
                    operation: Op::NAME,
                    reason: explain(&failure),
                })
            }),
        }
    }

    /// The error of a list that is not in its order.
    pub(super) fn out_of_order(&self, at: &impl ToString) -> FsckError {
        FsckError::OutOfOrder {
            operation: self.operation,
            at: at.to_string(),
        }
    }

    /// All rows from the beginning.
    pub(super) fn rows(&self) -> Rows<'_, 'a, T> {
        Rows::from(self, None)
    }

    /// Reads the rows that are `wanted` again, from the page where they stood until `beyond` them.
    pub(super) fn again(
        &self,
        cursor: &Cursor,
        wanted: impl Fn(&T) -> bool,
        beyond: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, FsckError> {
        let mut rows = Rows::from(self, cursor.clone());
        let mut found = Vec::new();
        while rows.pages_read < PAGES_TO_FIND_AGAIN || !rows.page.is_empty() {
            match rows.take_next()? {
                Some(row) if wanted(&row) => found.push(row),
                Some(row) if beyond(&row) => break,
                Some(_before) => {}
                None => break,
            }
        }
        Ok(found)
    }

    fn page(&self, cursor: &Cursor) -> Result<Page<T>, FsckError> {
        let page = (self.ask)(PageRequest {
            limit: PageRequest::MAX_AUDIT_LIMIT,
            after: cursor.clone(),
        })?;
        if page.next.is_some() && page.next == *cursor {
            return Err(self.out_of_order(&page.next.unwrap_or_default()));
        }
        Ok(page)
    }
}

/// The rows of an audit, one by one; one page is held.
pub(super) struct Rows<'s, 'a, T> {
    source: &'s Source<'a, T>,
    page: VecDeque<T>,
    /// Where the page that is held begins.
    begins: Cursor,
    /// Where the next one begins; `None` when this was the last.
    next: Option<Cursor>,
    pages_read: u32,
}

impl<'s, 'a, T> Rows<'s, 'a, T> {
    fn from(source: &'s Source<'a, T>, cursor: Cursor) -> Self {
        Self {
            source,
            page: VecDeque::new(),
            begins: cursor.clone(),
            next: Some(cursor),
            pages_read: 0,
        }
    }

    /// The next row, which stays the next one.
    pub(super) fn peek(&mut self) -> Result<Option<&T>, FsckError> {
        // A page may be empty and not the last: audits may leave out rows that cannot be of interest.
        while self.page.is_empty()
            && let Some(cursor) = self.next.take()
        {
            let page = self.source.page(&cursor)?;
            self.pages_read = self.pages_read.saturating_add(1);
            self.page = page.items.into();
            self.begins = cursor;
            self.next = page.next.map(Some);
        }
        Ok(self.page.front())
    }

    /// The next row.
    pub(super) fn take_next(&mut self) -> Result<Option<T>, FsckError> {
        self.peek()?;
        Ok(self.page.pop_front())
    }

    /// Where to read the row again that [`Self::peek`] shows, or one that belongs right before it.
    pub(super) fn cursor(&self) -> Cursor {
        self.begins.clone()
    }
}
