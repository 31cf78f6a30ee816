//! What a check found.

use std::fmt;

use serde::Serialize;

use crate::app::bootstrap::settle::Stopped;
use crate::ports::shared::storage::StorageError;

/// After so many violations a check gives up: something is wrong at large, and more rows would not tell more.
const VIOLATIONS_MAX: usize = 1_000;

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Number of the invariant in ARCHITECTURE.md.
    pub invariant: u8,
    /// What must hold.
    pub rule: &'static str,
    /// Ids of the rows that break it, the one to look at first in front.
    pub rows: Vec<String>,
    /// What was found, with the numbers.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Reasons of dead letters and sagas may hold anything, and the reader may be a terminal.
        let found = self.found.replace(char::is_control, " ");
        write!(
            f,
            "invariant {}, {}: {}: {found}",
            self.invariant,
            self.rule,
            self.rows.join(", ")
        )
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Stock levels.
    pub stock_levels: u64,
    /// Orders.
    pub orders: u64,
    /// Reservations.
    pub reservations: u64,
    /// Payments.
    pub payments: u64,
    /// Entries of the provider's ledger.
    pub charges: u64,
    /// Sagas that had not ended.
    pub open_sagas: u64,
    /// Consumers of events.
    pub consumers: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How much was looked at.
    pub counts: Counts,
    /// What must hold and does not.
    pub violations: Vec<Violation>,
    /// Whether the check stopped early because there was too much to report.
    pub truncated: bool,
    /// Whether it was stopped before it had looked at everything.
    pub stopped: bool,
}

impl Report {
    /// Whether everything holds: the command's exit code is 0 then, and 1 otherwise.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && !self.truncated && !self.stopped
    }

    /// Notes violations. Returns whether there is room for more.
    pub(super) fn add(&mut self, violations: impl IntoIterator<Item = Violation>) -> bool {
        for violation in violations {
            if self.violations.len() >= VIOLATIONS_MAX {
                self.truncated = true;
                return false;
            }
            self.violations.push(violation);
        }
        !self.truncated
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "{violation}")?;
        }
        if self.truncated {
            writeln!(f, "... and more: the check stopped at {VIOLATIONS_MAX}")?;
        }
        if self.stopped {
            writeln!(f, "... and not all was looked at: the check was stopped")?;
        }
        let Counts {
            stock_levels,
            orders,
            reservations,
            payments,
            charges,
            open_sagas,
            consumers,
        } = self.counts;
        writeln!(
            f,
            "looked at {orders} orders, {reservations} reservations, {payments} payments, {charges} charges, \
             {stock_levels} stock levels, {open_sagas} open sagas, {consumers} consumers of events"
        )?;
        if self.is_clean() {
            write!(f, "clean")
        } else {
            write!(f, "{} violations", self.violations.len())
        }
    }
}

/// Why a check did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// A context could not be asked.
    #[error("{operation}: {reason}")]
    Away {
        /// The operation.
        operation: &'static str,
        /// Why.
        reason: String,
    },
    /// A list is not in the order that its operation promises, or its cursor does not move: nothing can be concluded.
    #[error("{operation} does not come in order, at {at}")]
    OutOfOrder {
        /// The operation.
        operation: &'static str,
        /// At which row or cursor.
        at: String,
    },
    /// It was not to go on; [`Report::stopped`] tells of it.
    #[error("the check was stopped")]
    Stopped,
    /// The log of events or a consumer's position cannot be read.
    #[error("the events of {consumer} cannot be read")]
    Events {
        /// The consumer.
        consumer: String,
        /// Why.
        #[source]
        source: StorageError,
    },
}

impl From<Stopped> for FsckError {
    fn from(_stopped: Stopped) -> Self {
        Self::Stopped
    }
}
