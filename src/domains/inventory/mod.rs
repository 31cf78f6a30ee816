//! How much there is of each product and who holds some of it: the rules.

pub mod location;
pub mod stock_change;
pub mod stock_level;

pub mod movement;
pub mod reservation;
pub mod reservation_status;
pub mod reservation_wish;
