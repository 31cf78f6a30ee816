//! Tests of what every context is built with: the event log, its readers, idempotency keys and sagas.

mod contract;
mod dead_letters;
pub mod event_log;
mod event_reader;
mod full_disk;
mod kernel_schemas;
mod leases;
mod tenure;

mod remote;
