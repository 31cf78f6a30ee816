//! Tests of payments.

mod store_contract;
mod webhook_inbox_contract;

mod request_payment;

mod authorize_payment;
mod cancel_payment;
mod capture_payment;
mod process_payment;

mod refund_payment;

mod get_payment;

mod resolve_unknown;

mod apply_webhooks;
mod contradicting_webhooks;
mod receive_webhook;
mod webhook_races;

mod audit_over_http;
mod audit_payments;

mod reconcile_payments;
mod repair_charge;

mod faults;

mod simulator;
mod simulator_over_http;
mod simulator_webhooks;

mod http;

mod disturbed_provider;
mod till;
