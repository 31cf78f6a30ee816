//! Payments: what may happen to the money of an order, and in which order it may happen.

pub mod payment;

pub mod attempt;
pub mod decline_reason;
pub mod reconciliation;
pub mod refund;
pub mod refund_rules;
pub mod status;
