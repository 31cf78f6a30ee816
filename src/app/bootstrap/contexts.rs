//! The five contexts, as everybody in this process calls them.

use std::sync::Arc;

use crate::ports::catalog::operations::Catalog;
use crate::ports::identity::operations::Identity;
use crate::ports::inventory::operations::Inventory;
use crate::ports::orders::operations::Orders;
use crate::ports::payments::operations::Payments;

/// The five contexts, as everybody in this process calls them: decorated, whoever carries the operations out.
#[derive(Clone)]
pub struct Contexts {
    /// Who somebody is.
    pub identity: Arc<dyn Identity>,
    /// What the shop sells.
    pub catalog: Arc<dyn Catalog>,
    /// How much there is.
    pub inventory: Arc<dyn Inventory>,
    /// The money.
    pub payments: Arc<dyn Payments>,
    /// What was bought.
    pub orders: Arc<dyn Orders>,
}
