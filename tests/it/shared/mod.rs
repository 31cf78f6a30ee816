//! Tests of what every context is built with: the event log, its readers, idempotency keys and sagas.

mod event_log;
mod event_reader;

mod remote;
