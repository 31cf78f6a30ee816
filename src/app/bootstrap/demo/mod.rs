//! The demo shop: a grocery of our own making, so that the first minute with Banyan has something to sell.
//!
//! `products.csv` is the assortment, in the form that `banyan import products` reads, and an example of it. The stock is
//! `50 + 37 n mod 351` pieces of the n-th product: between 50 and 400, and always the same.

pub mod how_to_buy;

use indicatif::ProgressBar;

use super::admin::{self, CreateAdminError, NewAdmin};
use super::contexts::Contexts;
use super::import::report::{ImportError, Report};
use super::import::{Format, import_text};
use super::operator::{Operator, explain};
use super::settings::Settings;
use super::start_error::StartError;
use crate::domains::shared::email::{EmailAddress, InvalidEmail};
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::secret::Secret;
use crate::ports::catalog::operations::{ListCategories, ListProducts, Product, ProductSort};
use crate::ports::identity::operations::{RegisterUser, RegisterUserError};
use crate::ports::inventory::operations::GetStock;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::page::{Page, PageRequest};

/// The assortment.
const PRODUCTS: &str = include_str!("products.csv");
/// What the SKUs of the assortment begin with.
const SKU_PREFIX: &str = "GRC-";
/// The first product of the assortment, for examples.
const FIRST_SKU: &str = "GRC-0001";

/// Somebody who can sign in. The passwords of the demo are public: it is a shop to play with, not to sell from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// Their address.
    pub email: &'static str,
    /// Their password.
    pub password: &'static str,
}

/// Runs the demo shop.
pub const ADMIN: Login = Login {
    email: "admin@banyan.example",
    password: "aerial-roots-admin",
};

/// Buys in the demo shop.
pub const CUSTOMER: Login = Login {
    email: "customer@banyan.example",
    password: "aerial-roots-customer",
};

/// What one needs to know to play with the demo shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoShop {
    /// Runs the shop.
    pub admin: Login,
    /// Buys.
    pub customer: Login,
    /// A product that can be bought.
    pub product_id: ProductId,
}

/// Why there is no demo shop.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A context could not be asked.
    #[error("the demo shop cannot be set up: {0}")]
    Failed(String),
    /// The admin could not be made.
    #[error("the demo shop has no admin")]
    Admin(#[from] CreateAdminError),
    /// The products could not be brought in.
    #[error("the demo shop has no products")]
    Products(#[from] ImportError),
    /// Some products were refused.
    #[error("the demo shop lacks products: {0}")]
    Refused(Box<Report>),
}

impl From<InvalidEmail> for DemoError {
    fn from(error: InvalidEmail) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Opens the demo shop where the settings wish for one.
///
/// # Errors
/// [`StartError::Part`].
pub fn open_if_wished(
    settings: &Settings,
    contexts: &Contexts,
    ids: &dyn IdSource,
) -> Result<Option<DemoShop>, StartError> {
    if !settings.demo {
        return Ok(None);
    }
    let demo = open(contexts, ids).map_err(|error| StartError::part("the demo shop cannot be opened", error))?;
    if demo.is_some() && !settings.http_addr.ip().is_loopback() {
        tracing::warn!("this is the demo shop, whose passwords everybody knows, and others can reach it");
    }
    Ok(demo)
}

/// Opens the demo shop: fills an empty shop, completes one whose filling was interrupted, and leaves a full one as it
/// is. `None` for a shop that sells something else: nothing is done to it.
///
/// # Errors
/// [`DemoError`].
pub fn open(contexts: &Contexts, ids: &dyn IdSource) -> Result<Option<DemoShop>, DemoError> {
    let demo = Demo {
        contexts,
        operator: Operator::new(ids),
    };
    if is_empty(contexts, ids)? {
        return fill(contexts, ids).map(Some);
    }
    let products = demo.products(None)?;
    let is_ours = |product: &Product| product.sku.as_str().starts_with(SKU_PREFIX);
    if products.items.is_empty() || products.next.is_some() || !products.items.iter().all(is_ours) {
        return Ok(None);
    }
    if products.items.len() < assortment_size() || !demo.last_is_stocked(&products.items)? {
        return fill(contexts, ids).map(Some);
    }
    demo.shop().map(Some)
}

/// Whether the shop sells nothing and has no categories.
///
/// # Errors
/// [`DemoError::Failed`].
pub fn is_empty(contexts: &Contexts, ids: &dyn IdSource) -> Result<bool, DemoError> {
    let demo = Demo {
        contexts,
        operator: Operator::new(ids),
    };
    let categories = demo
        .operator
        .ask(&*contexts.catalog, &ListCategories {})
        .map_err(|failure| DemoError::Failed(explain(&failure)))?;
    Ok(categories.is_empty() && demo.products(None)?.items.is_empty())
}

/// Makes the demo's people, products and stock. Twice is once: whatever is there already stays, and stock is received
/// only where there never was any.
///
/// # Errors
/// [`DemoError`].
pub fn fill(contexts: &Contexts, ids: &dyn IdSource) -> Result<DemoShop, DemoError> {
    let demo = Demo {
        contexts,
        operator: Operator::new(ids),
    };
    demo.people(ids)?;
    let report = import_text(contexts, ids, PRODUCTS, Format::Csv, false, &ProgressBar::hidden())?;
    if !report.is_clean() {
        return Err(DemoError::Refused(Box::new(report)));
    }
    demo.shop()
}

/// How many products the assortment has.
fn assortment_size() -> usize {
    PRODUCTS.lines().filter(|line| line.starts_with(SKU_PREFIX)).count()
}

struct Demo<'a> {
    contexts: &'a Contexts,
    operator: Operator<'a>,
}

impl Demo<'_> {
    /// The first page of what is sold: as many as a page has, which is more than the assortment.
    fn products(&self, search: Option<&str>) -> Result<Page<Product>, DemoError> {
        let op = ListProducts {
            category: None,
            search: search.map(str::to_owned),
            price_minor_min: None,
            price_minor_max: None,
            in_stock: None,
            sort: ProductSort::Name,
            page: PageRequest {
                limit: PageRequest::MAX_LIMIT,
                after: None,
            },
        };
        self.operator
            .ask(&*self.contexts.catalog, &op)
            .map_err(|failure| DemoError::Failed(explain(&failure)))
    }

    /// The assortment is brought in from top to bottom, each product with its stock: the last one tells.
    fn last_is_stocked(&self, products: &[Product]) -> Result<bool, DemoError> {
        let Some(last) = products.iter().max_by_key(|product| &product.sku) else {
            return Ok(false);
        };
        self.operator
            .ask(&*self.contexts.inventory, &GetStock { product_id: last.id })
            .map(|levels| !levels.is_empty())
            .map_err(|failure| DemoError::Failed(explain(&failure)))
    }

    fn people(&self, ids: &dyn IdSource) -> Result<(), DemoError> {
        let admin = NewAdmin {
            email: ADMIN.email.parse()?,
            password: Secret::new(ADMIN.password),
            first_name: "Ada".to_owned(),
            last_name: "Admin".to_owned(),
        };
        admin::create(&*self.contexts.identity, ids, admin)?;
        let email: EmailAddress = CUSTOMER.email.parse()?;
        let customer = RegisterUser {
            email,
            password: Secret::new(CUSTOMER.password),
            first_name: "Carl".to_owned(),
            last_name: "Customer".to_owned(),
        };
        match self.operator.ask(&*self.contexts.identity, &customer) {
            Ok(_) | Err(Failure::Domain(RegisterUserError::EmailTaken)) => Ok(()),
            Err(failure) => Err(DemoError::Failed(explain(&failure))),
        }
    }

    fn shop(&self) -> Result<DemoShop, DemoError> {
        let found = self.products(Some(FIRST_SKU))?;
        let first = found
            .items
            .iter()
            .find(|product| product.sku.as_str() == FIRST_SKU)
            .ok_or_else(|| DemoError::Failed(format!("{FIRST_SKU} is not there")))?;
        Ok(DemoShop {
            admin: ADMIN,
            customer: CUSTOMER,
            product_id: first.id,
        })
    }
}
