//! What every boundary has in common.

pub mod operation;
pub mod retry;
pub mod wire;

pub mod access;
pub mod call_context;
pub mod clock;
pub mod contract;
pub mod dead_letters;
pub mod event_publisher;
pub mod events;
pub mod failpoint;
pub mod failure;
pub mod idempotency;
pub mod lease;
pub mod page;
pub mod panics;
pub mod saga;
pub mod seeded;
pub mod storage;
pub mod tokens;

#[cfg(test)]
pub(crate) mod specimens;
