//! Points at which tests have the program fail. They are compiled in with the feature `failpoints`, which no release has;
//! without it [`failpoint!`] is nothing.
//!
//! A point does something only for a thread that takes part in a trial ([`begin_trial`]), or where the whole process was
//! told to ([`everywhere`]): tests that run beside a trial in one process are not disturbed by it.
//!
//! | name | where |
//! |---|---|
//! | `saga.<saga>.<step>.before`, `.after` | around the effect of a step; `.after` is before its record |
//! | `saga.<saga>.<step>.undo.before`, `.after` | around its undo |
//! | `saga.<saga>.finish.before`, `.after`, `saga.<saga>.fail.before`, `.after` | around the last write |
//! | `saga.<saga>.record.before`, `.after` | around each write of the saga alone |
//! | `commit.<database>.before`, `.after` | around each commit; `before` rolls back |
//! | `event_reader.<consumer>.consume.before`, `.after` (also `together`, `position`) | around what a reader commits |
//! | `relay.<relay>.publish.before`, `.after` (also `position`) | around what a relay publishes and remembers |

use std::any::Any;
#[cfg(feature = "failpoints")]
use std::cell::RefCell;
#[cfg(feature = "failpoints")]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(feature = "failpoints")]
use super::storage::StorageError;

/// `failpoint!("commit.{}.before", name)`: where told to, the enclosing function fails here, with a `StorageError` that
/// says `unavailable` (`return(away)`) or `outcome unknown` (`return(unknown)`), or the thread panics (`panic`).
#[cfg(feature = "failpoints")]
macro_rules! failpoint {
    ($($name:tt)+) => {
        if $crate::ports::shared::failpoint::takes_part() {
            $crate::ports::shared::failpoint::reached(&format!($($name)+))?;
        }
    };
}

/// Nothing: the feature `failpoints` is off.
#[cfg(not(feature = "failpoints"))]
macro_rules! failpoint {
    ($($name:tt)+) => {};
}

pub(crate) use failpoint;

/// Whether a panic stands for the end of the process: nobody but who began the trial may live on after it. Never without the
/// feature.
pub fn is_end_of_process(panic: &(dyn Any + Send)) -> bool {
    // What the crate `fail` says when a point is told to panic.
    let said = panic.downcast_ref::<String>();
    cfg!(feature = "failpoints") && said.is_some_and(|said| said.starts_with("failpoint "))
}

/// A point that a thread came by.
#[cfg(feature = "failpoints")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its name.
    pub name: String,
    /// Whether it had the program fail.
    pub struck: bool,
}

/// What is behind a failure that was asked for.
#[cfg(feature = "failpoints")]
#[derive(Debug, thiserror::Error)]
#[error("failpoint {0}")]
struct Injected(String);

/// Whether all threads take part.
#[cfg(feature = "failpoints")]
static EVERYWHERE: AtomicBool = AtomicBool::new(false);

#[cfg(feature = "failpoints")]
thread_local! {
    /// The points that this thread came by since it takes part.
    static TRACE: RefCell<Option<Vec<Reached>>> = const { RefCell::new(None) };
}

/// From here on this thread takes part in a trial.
#[cfg(feature = "failpoints")]
pub fn begin_trial() {
    TRACE.set(Some(Vec::new()));
}

/// From here on it does not any more.
#[cfg(feature = "failpoints")]
pub fn end_trial() {
    TRACE.set(None);
}

/// The points that this thread came by since it was asked last.
#[cfg(feature = "failpoints")]
pub fn take_trace() -> Vec<Reached> {
    TRACE.with_borrow_mut(|trace| trace.as_mut().map(std::mem::take).unwrap_or_default())
}

/// Has every thread of this process take part: `configuration` is `name=actions;name=actions`, with the actions of the
/// crate `fail` and, beside them, `abort` and `abort@3`: `die` is called at the first and at the third time.
///
/// # Errors
/// What is wrong with the configuration.
#[cfg(feature = "failpoints")]
pub fn everywhere(configuration: &str, die: fn() -> !) -> Result<(), String> {
    for part in configuration.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, actions) = part.split_once('=').ok_or_else(|| format!("{part}: no actions"))?;
        match actions.strip_prefix("abort") {
            None => fail::cfg(name, actions)?,
            Some(when) => {
                let nth = when.strip_prefix('@').unwrap_or("1");
                let nth: usize = nth.parse().map_err(|error| format!("{part}: {error}"))?;
                let times = AtomicUsize::new(0);
                fail::cfg_callback(name, move || {
                    if times.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                        die();
                    }
                })?;
            }
        }
    }
    EVERYWHERE.store(true, Ordering::SeqCst);
    Ok(())
}

/// Whether this thread takes part.
#[cfg(feature = "failpoints")]
pub fn takes_part() -> bool {
    EVERYWHERE.load(Ordering::Relaxed) || TRACE.with_borrow(Option::is_some)
}

/// Does what the point is told to.
///
/// # Errors
/// The failure that was asked for.
#[cfg(feature = "failpoints")]
pub fn reached(name: &str) -> Result<(), StorageError> {
    let note = |struck: bool| Reached {
        name: name.to_owned(),
        struck,
    };
    // Noted before: it may end in a panic.
    TRACE.with_borrow_mut(|trace| trace.as_mut().map(|trace| trace.push(note(true))));
    let Some(told) = fail::eval(name, Option::unwrap_or_default) else {
        TRACE.with_borrow_mut(|trace| {
            if let Some(last) = trace.as_mut().and_then(|trace| trace.last_mut()) {
                *last = note(false);
            }
        });
        return Ok(());
    };
    let source = Box::new(Injected(name.to_owned()));
    Err(match told.as_str() {
        "unknown" => StorageError::OutcomeUnknown(source),
        _away => StorageError::Unavailable(source),
    })
}
