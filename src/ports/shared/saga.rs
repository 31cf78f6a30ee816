//! Sagas: sequences of steps across contexts, each with its undo, that survive a crash between any two.

use super::lease::Lease;
use super::storage::StorageError;
use crate::domains::shared::ids::SagaId;
use crate::domains::shared::timestamp::Timestamp;

/// Where a saga is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaStatus {
    /// Steps are being taken.
    Running,
    /// Steps are being undone, last one first.
    Compensating,
    /// All steps were taken.
    Done,
    /// All steps that were taken have been undone.
    Failed,
    /// Neither forward nor back for [`SagaRecord::attempts`] attempts: an operator must look.
    Stuck,
}

impl SagaStatus {
    /// Name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Compensating => "compensating",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stuck => "stuck",
        }
    }

    /// From the name in storage.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Running, Self::Compensating, Self::Done, Self::Failed, Self::Stuck]
            .into_iter()
            .find(|s| s.name() == name)
    }

    /// Whether nothing more will happen by itself.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stuck)
    }
}

/// What is kept of a saga. Written before each step, so that a crash finds it at the step or before it, never behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaRecord {
    /// Its id.
    pub id: SagaId,
    /// Which table of steps: `checkout`.
    pub kind: String,
    /// The aggregate it is about.
    pub subject: String,
    /// Where it is going.
    pub status: SagaStatus,
    /// Running: the step to take next. Compensating: how many steps are left to undo.
    pub position: i32,
    /// What the steps know, as JSON: ids chosen at the start and what came back.
    pub state: String,
    /// Attempts at the present step.
    pub attempts: i32,
    /// Why it compensates, or else what went wrong last; of one that is stuck, both. For the operator.
    pub reason: Option<String>,
    /// Who works at it, until when.
    pub lease: Lease,
    /// Not to be tried again before.
    pub next_attempt_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// Finds sagas. They are written by the stores, with the aggregate ([`super::storage::UnitOfWork`]).
pub trait SagaStore: Send + Sync {
    /// Writes a step without an aggregate.
    ///
    /// # Errors
    /// MUST fail with [`StorageError::Stale`] when the saga's lease is no longer the writer's.
    fn advance_saga(&self, saga: &SagaRecord) -> Result<(), StorageError>;

    /// Takes over at most `limit` sagas that have not ended, are due at `now` and whose lease has run out. A saga is
    /// given to one taker only.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn take_due_sagas(&self, now: Timestamp, lease: &Lease, limit: u32) -> Result<Vec<SagaRecord>, StorageError>;

    /// The saga, if there is one.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn find_saga(&self, id: SagaId) -> Result<Option<SagaRecord>, StorageError>;

    /// Whether a saga about `subject` has not ended, or is stuck.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn has_open_saga(&self, subject: &str) -> Result<bool, StorageError>;

    /// Whether a saga about `subject` is under way: not ended, and not stuck either.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn has_running_saga(&self, subject: &str) -> Result<bool, StorageError>;

    /// Sagas that have not ended or are stuck, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn open_sagas(&self, limit: u32) -> Result<Vec<SagaRecord>, StorageError>;

    /// Ends the leases of these owners, who work no more. Returns how many there were.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn end_leases_of(&self, owners: &[String], now: Timestamp) -> Result<usize, StorageError>;

    /// Ends every lease, for a process that knows to be the only one: it need not wait for its dead predecessor's.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`].
    fn end_all_leases(&self, now: Timestamp) -> Result<usize, StorageError>;
}
