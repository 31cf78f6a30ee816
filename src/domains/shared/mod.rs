//! The shared kernel: the few values every context speaks. Small, and reviewed like a public API, because the
//! messages between contexts are made of nothing else.

pub mod card_number;
pub mod correlation;
pub mod email;
pub mod ids;
pub mod money;
pub mod postal_address;
pub mod quantity;
pub mod role;
pub mod secret;
pub mod sku;
pub mod slug;
pub mod text;
pub mod timestamp;
