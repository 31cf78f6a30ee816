//! Tests of inventory.

mod shop;

mod audits_stay_at_one_instant;
mod buyers_race;
mod figures_always_agree;
mod http;
mod store_contract;

mod audit_reservations;
mod audit_stock;
mod change_stock;
mod commit_reservation;
mod expire_reservations;
mod get_stock;
mod list_movements;
mod release_reservation;
mod reserve_stock;
mod return_stock;
