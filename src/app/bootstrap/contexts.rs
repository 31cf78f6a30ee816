//! The contexts of this program, and who calls whom. Straight-line code, to be read from top to bottom. The only file
//! that is another one in a context's own crate (`banyan extract scaffold`), beside `main.rs`.

use std::sync::Arc;

use super::house::House;
use super::platform::integrity;
use super::rooms::{Blueprint, Front, Routes, catalog, identity, inventory, orders, payments};
use super::start_error::StartError;
use super::wiring::Shop;
use crate::ports::catalog::operations::Catalog;
use crate::ports::identity::operations::Identity;
use crate::ports::inventory::operations::Inventory;
use crate::ports::orders::operations::Orders;
use crate::ports::payments::operations::Payments;

/// Those that can run here, each after those that it calls or listens to.
pub const ALL: [Blueprint; 5] = [
    identity::BLUEPRINT,
    inventory::BLUEPRINT,
    catalog::BLUEPRINT,
    payments::BLUEPRINT,
    orders::BLUEPRINT,
];

/// Endpoints for which all of them are needed.
pub const ROUTES_OF_ALL: &[Routes] = &[integrity::routes];

/// Those endpoints, for a process that reaches all contexts.
pub fn fronts_of_all(shop: &Shop) -> Vec<Front> {
    vec![integrity::front(shop)]
}

/// The contexts, as everybody in this process calls them: decorated, whoever carries the operations out.
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

impl Contexts {
    /// Gives each context its place, each after those that it calls or listens to.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn wire(house: &mut House<'_>) -> Result<Self, StartError> {
        let identity = house.place(identity::open, |elsewhere| elsewhere)?;
        let inventory = house.place(inventory::open, |elsewhere| elsewhere)?;
        let catalog = house.place(catalog::open, |elsewhere| elsewhere)?;
        let payments = house.place(payments::open, |elsewhere| elsewhere)?;
        let called = orders::Called {
            catalog: catalog.clone(),
            inventory: inventory.clone(),
            payments: payments.clone(),
            identity: identity.clone(),
        };
        let orders = house.place(|house| orders::open(house, called), |elsewhere| elsewhere)?;
        Ok(Self {
            identity,
            catalog,
            inventory,
            payments,
            orders,
        })
    }

    /// Their faces to the storefront, by their names.
    pub fn fronts(&self) -> Vec<(&'static str, Front)> {
        let Self {
            identity,
            catalog,
            inventory,
            payments,
            orders,
        } = self.clone();
        vec![
            ("identity", identity::front(identity)),
            ("catalog", catalog::front(catalog)),
            ("inventory", inventory::front(inventory)),
            ("orders", orders::front(orders)),
            ("payments", payments::front(payments)),
        ]
    }
}
