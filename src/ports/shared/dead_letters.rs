//! Dead letters: events that a consumer could not digest, as a shop's staff work with them. Every context that listens
//! has the same four operations on its own letters, under its own name ([`At`]).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::access::Access;
use super::events::{DeadLetter, LetterPlace};
use super::operation::{Handler, Key, Kind, Operation};
use super::page::{Page, PageRequest};
use super::storage::StorageError;
use crate::domains::shared::ids::EventId;

/// The context of a consumer: `catalog` of `catalog.on_stock_changed`.
pub fn context_of(consumer: &str) -> &str {
    consumer.split_once('.').map_or(consumer, |(context, _purpose)| context)
}

/// The name of a dead letter: the consumer that parked it, whose name begins with its context, and the event. In text
/// `catalog.on_stock_changed:evt_...`, which stands in a path as it is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[a-z0-9_]+\\.[a-z0-9_.]+:evt_[0-7][0-9a-hjkmnp-tv-z]{25}$"))]
pub struct DeadLetterId {
    consumer: String,
    event_id: EventId,
}

/// A text that names no dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form <context>.<consumer>:evt_<26 base-32 characters>")]
pub struct InvalidDeadLetterId;

impl DeadLetterId {
    /// The most characters of a consumer's name.
    const MAX_CONSUMER_CHARS: usize = 100;

    /// That of a letter.
    pub fn of(letter: &DeadLetter) -> Self {
        Self {
            consumer: letter.consumer.clone(),
            event_id: letter.event.event.event_id,
        }
    }

    /// The consumer that parked it.
    pub fn consumer(&self) -> &str {
        &self.consumer
    }

    /// The context in whose database it is.
    pub fn context(&self) -> &str {
        context_of(&self.consumer)
    }

    /// The event.
    pub fn event_id(&self) -> EventId {
        self.event_id
    }
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.consumer, self.event_id)
    }
}

impl FromStr for DeadLetterId {
    type Err = InvalidDeadLetterId;

    fn from_str(text: &str) -> Result<Self, InvalidDeadLetterId> {
        let (consumer, event) = text.split_once(':').ok_or(InvalidDeadLetterId)?;
        let (context, purpose) = consumer.split_once('.').ok_or(InvalidDeadLetterId)?;
        let of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let fits = consumer.len() <= Self::MAX_CONSUMER_CHARS
            && !context.is_empty()
            && !purpose.is_empty()
            && context.chars().all(of_a_name)
            && purpose.chars().all(|c| of_a_name(c) || c == '.');
        if !fits {
            return Err(InvalidDeadLetterId);
        }
        Ok(Self {
            consumer: consumer.to_owned(),
            event_id: event.parse().map_err(|_no_event| InvalidDeadLetterId)?,
        })
    }
}

impl Serialize for DeadLetterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeadLetterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A dead letter, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedEvent {
    /// Its name.
    pub id: DeadLetterId,
    /// What was parked, when and why.
    pub letter: DeadLetter,
    /// How long it has been there, in milliseconds, by the clock of its context.
    pub age_ms: i64,
}

/// Lists dead letters: by consumer, oldest event first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ListDeadLetters {
    /// Only those of this consumer (`catalog.on_stock_changed`), or of this context's consumers (`catalog`).
    pub of: Option<String>,
    /// Which page.
    pub page: PageRequest,
}

/// Why dead letters cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ListDeadLettersError {
    /// The cursor is not one that this list gave.
    InvalidCursor,
    /// No context of this name listens to events.
    UnknownContext,
}

/// Reads a dead letter.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GetDeadLetter {
    /// Which.
    pub id: DeadLetterId,
}

/// Why a dead letter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GetDeadLetterError {
    /// There is none of this name: there never was, or it has been replayed or discarded.
    NotFound,
}

/// Has the consumer take the event in. The effect and the end of the letter are one transaction: whoever replays it again,
/// at the same time or later, finds no letter.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReplayDeadLetter {
    /// Which. The first of its lane: the events of one subject are taken in by their order.
    pub id: DeadLetterId,
}

/// Why a dead letter was not replayed. It is still there, but for [`Self::NotFound`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReplayDeadLetterError {
    /// There is none of this name: there never was, or it has been replayed or discarded.
    NotFound,
    /// An earlier event of its subject is parked, too.
    NotFirst {
        /// The one that comes first.
        first: DeadLetterId,
    },
    /// This version has no consumer of this name: the letter can only be discarded.
    NoConsumer,
    /// The consumer refuses the event as before.
    Refused {
        /// Why.
        reason: String,
    },
    /// What the consumer needs is not there now; try again later.
    NotNow {
        /// What is missing.
        reason: String,
    },
}

/// Gives a dead letter up: its event never takes effect there. The event stays in the log of who told it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DiscardDeadLetter {
    /// Which; any of its lane.
    pub id: DeadLetterId,
    /// Why, for the log: 1 to [`DiscardDeadLetter::MAX_REASON_CHARS`] characters.
    pub reason: String,
}

impl DiscardDeadLetter {
    /// The most characters of a reason.
    pub const MAX_REASON_CHARS: usize = 200;
}

/// Why a dead letter was not discarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DiscardDeadLetterError {
    /// There is none of this name: there never was, or it has been replayed or discarded.
    NotFound,
    /// The reason is blank or too long.
    InvalidReason,
}

/// A dead letter that is one no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LetterGone {
    /// Its name.
    pub id: DeadLetterId,
    /// What comes first in its lane now, and can be replayed next; `None`: the lane is free again.
    pub next: Option<DeadLetterId>,
}

/// The letters of one context: what its four operations are called. A constant each, because a name on the wire is one.
pub trait Letterbox: fmt::Debug + Clone + Send + Sync + 'static {
    /// The name of [`ListDeadLetters`]: `catalog.list_dead_letters`.
    const LIST: &'static str;
    /// The name of [`GetDeadLetter`].
    const GET: &'static str;
    /// The name of [`ReplayDeadLetter`].
    const REPLAY: &'static str;
    /// The name of [`DiscardDeadLetter`].
    const DISCARD: &'static str;
}

/// The letters of the whole shop: whoever is asked knows which context to ask.
#[derive(Debug, Clone, Copy)]
pub struct WholeShop;

impl Letterbox for WholeShop {
    const LIST: &'static str = "shop.list_dead_letters";
    const GET: &'static str = "shop.get_dead_letter";
    const REPLAY: &'static str = "shop.replay_dead_letter";
    const DISCARD: &'static str = "shop.discard_dead_letter";
}

/// One of the four, of whichever context.
pub trait Wish: Serialize + DeserializeOwned + JsonSchema + Clone + fmt::Debug + Send + 'static {
    /// What comes back.
    type Reply: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// What may come back instead.
    type Error: Serialize + DeserializeOwned + JsonSchema + Send + fmt::Debug + 'static;
    /// Query or command.
    const KIND: Kind;

    /// The letter that it is about.
    fn letter(&self) -> Option<&DeadLetterId>;
}

/// What a wish is called at a letterbox.
pub trait NamedAt<B> {
    /// The operation's name.
    const NAME: &'static str;
}

macro_rules! wish {
    ($wish:ident => $reply:ty, $error:ty; $name:ident, $kind:ident; $letter:expr) => {
        impl Wish for $wish {
            type Reply = $reply;
            type Error = $error;
            const KIND: Kind = Kind::$kind;

            fn letter(&self) -> Option<&DeadLetterId> {
                let letter: fn(&Self) -> Option<&DeadLetterId> = $letter;
                letter(self)
            }
        }

        impl<B: Letterbox> NamedAt<B> for $wish {
            const NAME: &'static str = B::$name;
        }
    };
}

wish!(ListDeadLetters => Page<ParkedEvent>, ListDeadLettersError; LIST, Query; |_all| None);
wish!(GetDeadLetter => ParkedEvent, GetDeadLetterError; GET, Query; |wish| Some(&wish.id));
wish!(ReplayDeadLetter => LetterGone, ReplayDeadLetterError; REPLAY, Command; |wish| Some(&wish.id));
wish!(DiscardDeadLetter => LetterGone, DiscardDeadLetterError; DISCARD, Command; |wish| Some(&wish.id));

/// A wish to a letterbox: an operation like any other, for staff. On the wire it is the wish.
#[derive(Debug, Clone)]
pub struct At<B, W> {
    /// What is wished.
    pub wish: W,
    letterbox: PhantomData<fn() -> B>,
}

impl<B, W> At<B, W> {
    /// This wish.
    pub fn of(wish: W) -> Self {
        Self {
            wish,
            letterbox: PhantomData,
        }
    }
}

impl<B: Letterbox, W: Wish + NamedAt<B>> Operation for At<B, W> {
    type Reply = W::Reply;
    type Error = W::Error;
    const NAME: &'static str = W::NAME;
    const KIND: Kind = W::KIND;
    const ACCESS: Access = Access::Staff;
    // The letter is the key: it takes effect once because it is gone afterwards.
    const KEYED: bool = false;

    fn key(&self) -> Key {
        self.wish.letter().map_or(Key::None, Key::of)
    }
}

impl<B, W: Serialize> Serialize for At<B, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wish.serialize(serializer)
    }
}

impl<'de, B, W: Deserialize<'de>> Deserialize<'de> for At<B, W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        W::deserialize(deserializer).map(Self::of)
    }
}

impl<B, W: JsonSchema> JsonSchema for At<B, W> {
    fn inline_schema() -> bool {
        W::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        W::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        W::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        W::json_schema(generator)
    }
}

/// Whoever can be asked about dead letters of whichever context.
pub trait DeadLetterDesk:
    Handler<At<WholeShop, ListDeadLetters>>
    + Handler<At<WholeShop, GetDeadLetter>>
    + Handler<At<WholeShop, ReplayDeadLetter>>
    + Handler<At<WholeShop, DiscardDeadLetter>>
{
}

impl<T> DeadLetterDesk for T where
    T: Handler<At<WholeShop, ListDeadLetters>>
        + Handler<At<WholeShop, GetDeadLetter>>
        + Handler<At<WholeShop, ReplayDeadLetter>>
        + Handler<At<WholeShop, DiscardDeadLetter>>
{
}

/// The dead letters in a context's database.
pub trait DeadLetterStore: Send + Sync {
    /// At most `limit` letters behind `after`, by consumer and place in the log; only those of `consumer` where there is
    /// one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn letters(
        &self,
        consumer: Option<&str>,
        after: Option<&LetterPlace>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StorageError>;

    /// A letter.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find_letter(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, StorageError>;

    /// The first letter of a lane.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn first_of_lane(&self, consumer: &str, subject: &str) -> Result<Option<DeadLetterId>, StorageError>;

    /// Ends a letter whose event has no effect.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the letter is gone, or no longer the first of its lane.
    fn settle(&self, place: &LetterPlace) -> Result<(), StorageError>;

    /// Notes one more attempt in vain, and its reason; `false` when the letter is gone.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn note_attempt(&self, place: &LetterPlace, reason: &str) -> Result<bool, StorageError>;

    /// Removes a letter, wherever it is in its lane; `false` when it is gone.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn discard(&self, place: &LetterPlace) -> Result<bool, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_context_consumer_and_event_and_survives_the_round_trip() {
        let text = "catalog.on_stock_changed:evt_01h2e8kqvbfwea724h75qc655w";
        let id: DeadLetterId = text.parse().unwrap();
        assert_eq!((id.context(), id.consumer()), ("catalog", "catalog.on_stock_changed"));
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "catalog.on_stock_changed",
            "catalog:evt_01h2e8kqvbfwea724h75qc655w",
            ".x:evt_01h2e8kqvbfwea724h75qc655w",
            "catalog.:evt_01h2e8kqvbfwea724h75qc655w",
            "catalog.on stock:evt_01h2e8kqvbfwea724h75qc655w",
            "catalog.on_stock_changed:ord_01h2e8kqvbfwea724h75qc655w",
            "../catalog.x:evt_01h2e8kqvbfwea724h75qc655w",
        ] {
            assert_eq!(text.parse::<DeadLetterId>(), Err(InvalidDeadLetterId), "{text}");
        }
    }
}
