//! Tests of what every context is built with: the event log, its readers, idempotency keys and sagas.

mod contract;
pub mod event_log;
mod event_reader;
mod kernel_schemas;

mod remote;
