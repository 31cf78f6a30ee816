//! Payments: authorizations, captures and refunds, and the providers that carry them out.

pub mod operations;

pub mod events;

pub mod outbound;
pub mod webhooks;
