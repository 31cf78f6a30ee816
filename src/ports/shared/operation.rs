//! The one idea: everything that crosses a context's boundary is a value, and whoever carries it out is a handler.
//!
//! Decorators (tracing, deadline, authorization), the loopback and the remote client are written once, generic over
//! [`Operation`]; a new operation needs no glue.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::access::Access;
use super::call_context::CallContext;
use super::events::EventInfo;
use super::failure::Failure;

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reads only: may be repeated at will.
    Query,
    /// Changes state: is repeated only under an idempotency key or by the id of its aggregate.
    Command,
}

/// What an operation is about, for routing and ordering: the text of an aggregate's id, or nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// About one aggregate.
    Aggregate(String),
    /// About none or many.
    None,
}

impl Key {
    /// The key of an aggregate.
    pub fn of(id: &impl ToString) -> Self {
        Self::Aggregate(id.to_string())
    }
}

/// A message to a context. Its JSON form is a contract between versions of Banyan ([`super::contract`]): fields are
/// added, never changed.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// What comes back.
    type Reply: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// The closed set of business outcomes that are not the wished one.
    type Error: Serialize + DeserializeOwned + JsonSchema + Send + std::fmt::Debug + 'static;

    /// The stable name, `orders.place_order`: `<context>.<use case>`, never a type path.
    const NAME: &'static str;
    /// Query or command.
    const KIND: Kind;
    /// Who may ask for it. Whether a thing belongs to the caller is for the use case to decide.
    const ACCESS: Access;
    /// Whether the use case looks an idempotency key up, so that the operation may be sent again under one. Where it does
    /// not, a caller may bring a key, and it means nothing.
    const KEYED: bool;

    /// The aggregate it is about.
    fn key(&self) -> Key {
        Key::None
    }
}

/// An operation that a use case of its context carries out: all that `operation!` declares. In contrast to those that
/// every context with consumers has ([`super::dead_letters`]).
pub trait OwnOperation: Operation {}

/// Carries out one kind of operation.
pub trait Handler<Op: Operation>: Send + Sync {
    /// Carries out `op` on behalf of `cx.principal`.
    ///
    /// # Errors
    /// [`Failure::Domain`] for the operation's business outcomes; any other [`Failure`] when it could not be carried
    /// out or, after [`Failure::Timeout`], when that is unknown.
    fn handle(&self, cx: &CallContext, op: Op) -> Result<Op::Reply, Failure<Op::Error>>;
}

/// Declares an operation: `operation!(GetOrder => Order, GetOrderError; "orders.get_order", Query, SignedIn);` with `keyed`
/// where the use case looks an idempotency key up (`..., Command, SignedIn, keyed`), and with an optional aggregate key:
/// `key = |op| Key::of(op.order_id)`.
macro_rules! operation {
    ($op:ident => $reply:ty, $error:ty; $name:literal, $kind:ident, $access:ident, keyed $(; key = $key:expr)?) => {
        $crate::ports::shared::operation::operation!(
            @ $op => $reply, $error; $name, $kind, $access, true $(; key = $key)?
        );
    };
    ($op:ident => $reply:ty, $error:ty; $name:literal, $kind:ident, $access:ident $(; key = $key:expr)?) => {
        $crate::ports::shared::operation::operation!(
            @ $op => $reply, $error; $name, $kind, $access, false $(; key = $key)?
        );
    };
    (@ $op:ident => $reply:ty, $error:ty; $name:literal, $kind:ident, $access:ident, $keyed:literal
        $(; key = $key:expr)?) => {
        impl $crate::ports::shared::operation::Operation for $op {
            type Reply = $reply;
            type Error = $error;
            const NAME: &'static str = $name;
            const KIND: $crate::ports::shared::operation::Kind = $crate::ports::shared::operation::Kind::$kind;
            const ACCESS: $crate::ports::shared::access::Access = $crate::ports::shared::access::Access::$access;
            const KEYED: bool = $keyed;
            $(fn key(&self) -> $crate::ports::shared::operation::Key {
                let key: fn(&Self) -> $crate::ports::shared::operation::Key = $key;
                key(self)
            })?
        }

        impl $crate::ports::shared::operation::OwnOperation for $op {}
    };
}
pub(crate) use operation;

/// What is known of an operation without an instance of it: a row of a context's table of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationInfo {
    /// [`Operation::NAME`].
    pub name: &'static str,
    /// [`Operation::KIND`].
    pub kind: Kind,
    /// [`Operation::ACCESS`].
    pub access: Access,
}

impl OperationInfo {
    /// The row of `Op`.
    pub const fn of<Op: Operation>() -> Self {
        Self {
            name: Op::NAME,
            kind: Op::KIND,
            access: Op::ACCESS,
        }
    }

    /// The context that carries it out: what its name begins with.
    pub fn context(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(context, _use_case)| context)
    }
}

/// Something to be done with one operation of the context `C`, whichever its name turns out to say.
pub trait WithOperation<C: ?Sized> {
    /// What comes of it.
    type Output;

    /// Does it with `Op`.
    fn with<Op: Operation>(self) -> Self::Output
    where
        C: Handler<Op>;
}

/// What a context offers, as `dyn Orders` knows it of itself: everything that serves, calls or describes a context
/// whatever its operations are is generic over this.
pub trait TableOfContents: Send + Sync + 'static {
    /// The context's name: what its operations' names begin with.
    const CONTEXT: &'static str;
    /// Its operations.
    const OPERATIONS: &'static [OperationInfo];
    /// What it tells: the table in its `events.rs`.
    const EVENTS: &'static [EventInfo];

    /// From the name on the wire to the type: does something with the operation of that name, `None` if there is none.
    fn with_operation<W: WithOperation<Self>>(name: &str, with: W) -> Option<W::Output>;
}

/// Declares a context's table of contents: the trait that its callers hold as `Arc<dyn Orders>`, implemented by
/// whatever handles all of its operations, and its [`TableOfContents`], which takes the events from the `events!` of the
/// `events.rs` beside.
macro_rules! table_of_contents {
    ($(#[$doc:meta])* $context:ident = $name:literal, $events:path: $first:ident $(, $rest:ident)* $(,)?) => {
        $(#[$doc])*
        pub trait $context:
            $crate::ports::shared::operation::Handler<$first>
            $(+ $crate::ports::shared::operation::Handler<$rest>)*
        {}

        impl<T> $context for T where
            T: $crate::ports::shared::operation::Handler<$first>
            $(+ $crate::ports::shared::operation::Handler<$rest>)*
        {}

        impl $crate::ports::shared::operation::TableOfContents for dyn $context {
            const CONTEXT: &'static str = $name;
            const OPERATIONS: &'static [$crate::ports::shared::operation::OperationInfo] = &[
                $crate::ports::shared::operation::OperationInfo::of::<$first>(),
                $($crate::ports::shared::operation::OperationInfo::of::<$rest>(),)*
            ];
            const EVENTS: &'static [$crate::ports::shared::events::EventInfo] = $events;

            fn with_operation<W: $crate::ports::shared::operation::WithOperation<Self>>(
                name: &str,
                with: W,
            ) -> Option<W::Output> {
                use $crate::ports::shared::operation::Operation as _;
                match name {
                    $first::NAME => Some(with.with::<$first>()),
                    $($rest::NAME => Some(with.with::<$rest>()),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use table_of_contents;
