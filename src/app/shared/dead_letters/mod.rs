//! What a shop's staff do with the events that a consumer could not digest: look at them, have them taken in after all,
//! give them up. One context's letters here; those of the whole shop in [`office`].

pub mod office;

use std::sync::Arc;
use std::time::Duration;

use crate::app::shared::event_reader::{ConsumeError, Consumer};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::clock::Clock;
use crate::ports::shared::dead_letters::{
    At, DeadLetterId, DeadLetterStore, DiscardDeadLetter, DiscardDeadLetterError, GetDeadLetter, GetDeadLetterError,
    LetterGone, Letterbox, ListDeadLetters, ListDeadLettersError, ParkedEvent, ReplayDeadLetter, ReplayDeadLetterError,
    context_of,
};
use crate::ports::shared::events::{DeadLetter, Delivery, LetterPlace};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::{Handler, OwnOperation};
use crate::ports::shared::page::{Page, PageRequest};
use crate::ports::shared::storage::StorageError;

/// How often a replay is begun anew because what it changes was changed by somebody else meanwhile.
const ATTEMPTS_MAX: u32 = 10;
/// Pause before it is begun anew.
const PAUSE: Duration = Duration::from_millis(5);

/// The dead letters of a context, and the consumers that take them in.
pub struct DeadLetters {
    store: Arc<dyn DeadLetterStore>,
    consumers: Vec<Arc<dyn Consumer>>,
    clock: Arc<dyn Clock>,
}

impl DeadLetters {
    /// The letters in `store`, which MUST be in the database in which `consumers` commit their effects.
    pub fn new(store: Arc<dyn DeadLetterStore>, consumers: Vec<Arc<dyn Consumer>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            consumers,
            clock,
        }
    }

    fn list(&self, wish: &ListDeadLetters) -> Result<Page<ParkedEvent>, Failure<ListDeadLettersError>> {
        let after = wish.page.after.as_deref().map(place_at).transpose()?;
        let consumer = wish.of.as_deref().filter(|name| context_of(name) != *name);
        let limit = wish.page.limit.min(PageRequest::MAX_LIMIT);
        let letters = self.store.letters(consumer, after.as_ref(), limit + 1)?;
        let page = Page::from_one_more(letters, limit, |letter| cursor_at(&letter.place()));
        Ok(page.map(|letter| self.shown(letter)))
    }

    fn get(&self, id: &DeadLetterId) -> Result<ParkedEvent, Failure<GetDeadLetterError>> {
        let letter = self.store.find_letter(id)?;
        let letter = letter.ok_or(Failure::Domain(GetDeadLetterError::NotFound))?;
        Ok(self.shown(letter))
    }

    fn replay(&self, cx: &CallContext, id: &DeadLetterId) -> Result<LetterGone, Failure<ReplayDeadLetterError>> {
        for _attempt in 0..ATTEMPTS_MAX {
            let letter = self.store.find_letter(id)?;
            let letter = letter.ok_or(Failure::Domain(ReplayDeadLetterError::NotFound))?;
            if let Some(first) = self.first_of_lane(&letter)?.filter(|first| first != id) {
                return Err(Failure::Domain(ReplayDeadLetterError::NotFirst { first }));
            }
            let consumer = self.consumers.iter().find(|known| known.name() == id.consumer());
            let consumer = consumer.ok_or(Failure::Domain(ReplayDeadLetterError::NoConsumer))?;
            match self.take_in(&**consumer, &letter) {
                Ok(()) => {
                    tracing::info!(letter = %id, by = cx.principal.key_scope(), "dead letter replayed");
                    return self.gone(id, &letter);
                }
                // Replayed or discarded by somebody else, or the aggregate changed: the next look tells.
                Err(ConsumeError::Stale) => std::thread::sleep(PAUSE),
                Err(ConsumeError::Retry(reason)) => {
                    return Err(Failure::Domain(ReplayDeadLetterError::NotNow { reason }));
                }
                Err(ConsumeError::Poison(reason)) => {
                    // Two at once: the one that comes late may stumble over what the other one wrote.
                    if self.store.note_attempt(&letter.place(), &reason)? {
                        tracing::warn!(letter = %id, by = cx.principal.key_scope(), reason, "dead letter refused again");
                        return Err(Failure::Domain(ReplayDeadLetterError::Refused { reason }));
                    }
                }
            }
        }
        let reason = "what the event changes is being changed by others all the time".to_owned();
        Err(Failure::Domain(ReplayDeadLetterError::NotNow { reason }))
    }

    /// As the reader does, with the letter in the place of the position.
    fn take_in(&self, consumer: &dyn Consumer, letter: &DeadLetter) -> Result<(), ConsumeError> {
        let (event, place) = (&letter.event.event, letter.place());
        let is_wanted = consumer.event_types().contains(&event.event_type.as_str());
        if is_wanted && consumer.consume(event, &Delivery::Letter(place.clone()))? {
            return Ok(());
        }
        Ok(self.store.settle(&place)?)
    }

    fn discard(
        &self,
        cx: &CallContext,
        wish: &DiscardDeadLetter,
    ) -> Result<LetterGone, Failure<DiscardDeadLetterError>> {
        let reason = wish.reason.trim();
        if reason.is_empty() || reason.chars().count() > DiscardDeadLetter::MAX_REASON_CHARS {
            return Err(Failure::Domain(DiscardDeadLetterError::InvalidReason));
        }
        let not_found = || Failure::Domain(DiscardDeadLetterError::NotFound);
        let letter = self.store.find_letter(&wish.id)?.ok_or_else(not_found)?;
        if !self.store.discard(&letter.place())? {
            return Err(not_found());
        }
        let event = &letter.event.event;
        tracing::warn!(
            letter = %wish.id, by = cx.principal.key_scope(), reason, event_type = event.event_type,
            subject = event.subject, seq = letter.event.seq, parked_because = letter.reason, attempts = letter.attempts,
            "dead letter discarded"
        );
        self.gone(&wish.id, &letter)
    }

    fn first_of_lane(&self, letter: &DeadLetter) -> Result<Option<DeadLetterId>, StorageError> {
        self.store.first_of_lane(&letter.consumer, &letter.event.event.subject)
    }

    /// It has been done: where the database goes away just now, that is not known to the caller.
    fn gone<E>(&self, id: &DeadLetterId, letter: &DeadLetter) -> Result<LetterGone, Failure<E>> {
        let next = self.first_of_lane(letter).map_err(|_away| Failure::Timeout)?;
        Ok(LetterGone { id: id.clone(), next })
    }

    fn shown(&self, letter: DeadLetter) -> ParkedEvent {
        ParkedEvent {
            id: DeadLetterId::of(&letter),
            age_ms: self.clock.now().ms_since(letter.parked_at).max(0),
            letter,
        }
    }
}

fn cursor_at(place: &LetterPlace) -> String {
    format!("{}:{}", place.consumer, place.seq)
}

fn place_at(cursor: &str) -> Result<LetterPlace, Failure<ListDeadLettersError>> {
    let place = cursor.split_once(':').and_then(|(consumer, seq)| {
        Some(LetterPlace {
            consumer: consumer.to_owned(),
            seq: seq.parse().ok()?,
        })
    });
    place.ok_or(Failure::Domain(ListDeadLettersError::InvalidCursor))
}

/// A service, and the dead letters of its context: together they handle all of the context's operations.
pub struct WithDeadLetters<S> {
    service: Arc<S>,
    letters: DeadLetters,
}

impl<S> WithDeadLetters<S> {
    /// Both.
    pub fn new(service: Arc<S>, letters: DeadLetters) -> Self {
        Self { service, letters }
    }
}

impl<Op: OwnOperation, S: Handler<Op>> Handler<Op> for WithDeadLetters<S> {
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>> {
        self.service.handle(cx, op)
    }
}

impl<B: Letterbox, S: Send + Sync> Handler<At<B, ListDeadLetters>> for WithDeadLetters<S> {
    fn handle(
        &self,
        _cx: &CallContext,
        op: At<B, ListDeadLetters>,
    ) -> Result<Page<ParkedEvent>, Failure<ListDeadLettersError>> {
        self.letters.list(&op.wish)
    }
}

impl<B: Letterbox, S: Send + Sync> Handler<At<B, GetDeadLetter>> for WithDeadLetters<S> {
    fn handle(&self, _cx: &CallContext, op: At<B, GetDeadLetter>) -> Result<ParkedEvent, Failure<GetDeadLetterError>> {
        self.letters.get(&op.wish.id)
    }
}

impl<B: Letterbox, S: Send + Sync> Handler<At<B, ReplayDeadLetter>> for WithDeadLetters<S> {
    fn handle(
        &self,
        cx: &CallContext,
        op: At<B, ReplayDeadLetter>,
    ) -> Result<LetterGone, Failure<ReplayDeadLetterError>> {
        self.letters.replay(cx, &op.wish.id)
    }
}

impl<B: Letterbox, S: Send + Sync> Handler<At<B, DiscardDeadLetter>> for WithDeadLetters<S> {
    fn handle(
        &self,
        cx: &CallContext,
        op: At<B, DiscardDeadLetter>,
    ) -> Result<LetterGone, Failure<DiscardDeadLetterError>> {
        self.letters.discard(cx, &op.wish)
    }
}
