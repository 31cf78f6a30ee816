//! The dead letters of the whole shop: whoever asks need not know which context has them, nor where it runs.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{cursor_at, place_at};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::dead_letters::{
    At, DeadLetterDesk, DiscardDeadLetter, DiscardDeadLetterError, GetDeadLetter, GetDeadLetterError, LetterGone,
    Letterbox, ListDeadLetters, ListDeadLettersError, NamedAt, ParkedEvent, ReplayDeadLetter, ReplayDeadLetterError,
    WholeShop, Wish, context_of,
};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::{Page, PageRequest};

/// A context's letters, asked in the words for the whole shop.
pub struct DeskOf<B, C: ?Sized> {
    context: Arc<C>,
    letterbox: PhantomData<fn() -> B>,
}

impl<B, C: ?Sized> DeskOf<B, C> {
    /// Those of `context`, wherever it runs.
    pub fn new(context: Arc<C>) -> Self {
        Self {
            context,
            letterbox: PhantomData,
        }
    }
}

impl<B, C, W> Handler<At<WholeShop, W>> for DeskOf<B, C>
where
    B: Letterbox,
    C: Handler<At<B, W>> + ?Sized,
    W: Wish + NamedAt<B> + NamedAt<WholeShop>,
{
    fn handle(&self, cx: &CallContext, op: At<WholeShop, W>) -> Result<W::Reply, Failure<W::Error>> {
        self.context.handle(cx, At::of(op.wish))
    }
}

/// The letters of all contexts that can be reached from here.
#[derive(Clone, Default)]
pub struct Office {
    desks: BTreeMap<&'static str, Arc<dyn DeadLetterDesk>>,
}

impl Office {
    /// These contexts', by their names.
    pub fn of(desks: impl IntoIterator<Item = (&'static str, Arc<dyn DeadLetterDesk>)>) -> Self {
        Self {
            desks: desks.into_iter().collect(),
        }
    }

    /// The contexts.
    pub fn contexts(&self) -> impl Iterator<Item = &'static str> {
        self.desks.keys().copied()
    }

    fn ask<W>(&self, cx: &CallContext, wish: W, not_found: W::Error) -> Result<W::Reply, Failure<W::Error>>
    where
        W: Wish + NamedAt<WholeShop>,
        dyn DeadLetterDesk: Handler<At<WholeShop, W>>,
    {
        match wish.letter().and_then(|id| self.desks.get(id.context())) {
            Some(desk) => desk.handle(cx, At::of(wish)),
            None => Err(Failure::Domain(not_found)),
        }
    }
}

impl Handler<At<WholeShop, ListDeadLetters>> for Office {
    /// Context by context, by their names.
    fn handle(
        &self,
        cx: &CallContext,
        op: At<WholeShop, ListDeadLetters>,
    ) -> Result<Page<ParkedEvent>, Failure<ListDeadLettersError>> {
        let ListDeadLetters { of, page } = op.wish;
        let only = of.as_deref().map(context_of);
        if only.is_some_and(|context| !self.desks.contains_key(context)) {
            return Err(Failure::Domain(ListDeadLettersError::UnknownContext));
        }
        let after = page.after.as_deref().map(place_at).transpose()?;
        let begin = after.as_ref().map_or("", |place| context_of(&place.consumer));
        let mut items: Vec<ParkedEvent> = Vec::new();
        let asked = self
            .desks
            .iter()
            .filter(|(context, _desk)| only.is_none_or(|only| only == **context));
        for (context, desk) in asked.filter(|(context, _desk)| **context >= begin) {
            let left = page
                .limit
                .saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            if left == 0 {
                // Whether anything is left is for the next page to tell.
                let next = items.last().map(|last| cursor_at(&last.letter.place()));
                return Ok(Page { items, next });
            }
            let page = PageRequest {
                limit: left,
                after: page.after.clone().filter(|_cursor| *context == begin),
            };
            let found = desk.handle(cx, At::of(ListDeadLetters { of: of.clone(), page }))?;
            items.extend(found.items);
            if found.next.is_some() {
                return Ok(Page {
                    items,
                    next: found.next,
                });
            }
        }
        Ok(Page { items, next: None })
    }
}

impl Handler<At<WholeShop, GetDeadLetter>> for Office {
    fn handle(
        &self,
        cx: &CallContext,
        op: At<WholeShop, GetDeadLetter>,
    ) -> Result<ParkedEvent, Failure<GetDeadLetterError>> {
        self.ask(cx, op.wish, GetDeadLetterError::NotFound)
    }
}

impl Handler<At<WholeShop, ReplayDeadLetter>> for Office {
    fn handle(
        &self,
        cx: &CallContext,
        op: At<WholeShop, ReplayDeadLetter>,
    ) -> Result<LetterGone, Failure<ReplayDeadLetterError>> {
        self.ask(cx, op.wish, ReplayDeadLetterError::NotFound)
    }
}

impl Handler<At<WholeShop, DiscardDeadLetter>> for Office {
    fn handle(
        &self,
        cx: &CallContext,
        op: At<WholeShop, DiscardDeadLetter>,
    ) -> Result<LetterGone, Failure<DiscardDeadLetterError>> {
        self.ask(cx, op.wish, DiscardDeadLetterError::NotFound)
    }
}
