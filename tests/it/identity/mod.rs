//! Tests of identity.

mod store_contract;

mod register_user;

mod create_staff;

mod log_in;

mod refresh_tokens;

mod log_out;

mod profile;

mod addresses;

mod access_tokens;

mod http;

mod shop;
