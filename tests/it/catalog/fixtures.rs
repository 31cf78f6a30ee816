//! A catalog in memory, and what one asks of it.

use std::sync::Arc;

use banyan::app::catalog::CatalogService;
use banyan::domains::catalog::category::{Category, CategoryName};
use banyan::domains::catalog::product::Product;
use banyan::domains::catalog::product_content::ProductContent;
use banyan::domains::shared::ids::{CategoryId, ProductId};
use banyan::domains::shared::money::{Currency, Money};
use banyan::domains::shared::slug::Slug;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::catalog::operations::{self, CreateCategory, CreateProduct, ProductDetails, WriteProductError};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::call_context::CallContext;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use uuid::Uuid;

use crate::fakes::catalog::FakeCatalogStore;
use crate::support::fixed::{CountingIds, FixedClock, call};

/// The catalog over a fake, with what a test holds of it.
pub struct Shop {
    pub store: Arc<FakeCatalogStore>,
    pub clock: Arc<FixedClock>,
    pub catalog: CatalogService,
}

impl Shop {
    pub fn open() -> Self {
        let store = Arc::new(FakeCatalogStore::new());
        let clock = Arc::new(FixedClock::new());
        let catalog = CatalogService::new(
            store.clone(),
            store.clone(),
            clock.clone(),
            Arc::new(CountingIds::new()),
        );
        Self { store, clock, catalog }
    }

    /// Adds a product as staff.
    pub fn create(&self, details: ProductDetails) -> Result<operations::Product, Failure<WriteProductError>> {
        self.catalog.handle(&staff(), CreateProduct { details })
    }

    /// Adds a category as staff.
    pub fn add_category(&self, name: &str, parent: Option<&str>) -> operations::Category {
        let op = CreateCategory {
            name: name.to_owned(),
            slug: None,
            parent_slug: parent.map(slug),
        };
        self.catalog.handle(&staff(), op).unwrap()
    }

    /// Types of the events in the log.
    pub fn event_types(&self) -> Vec<String> {
        let events = self.store.events();
        events.into_iter().map(|event| event.event_type).collect()
    }
}

/// A call by the shop itself.
pub fn staff() -> CallContext {
    call(Principal::service("operator"))
}

pub fn anybody() -> CallContext {
    call(Principal::Anonymous)
}

pub fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A product for 19.99 EUR in no category.
pub fn details(sku: &str, name: &str) -> ProductDetails {
    ProductDetails {
        sku: sku.parse().unwrap(),
        slug: None,
        name: name.to_owned(),
        description: String::new(),
        price: Money::of(1999, Currency::EUR),
        active: true,
        category_slugs: Vec::new(),
    }
}

/// The business outcome of a failed operation.
pub fn outcome<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, Failure<E>>) -> E {
    match result.unwrap_err() {
        Failure::Domain(error) => error,
        other => panic!("not a business outcome: {other:?}"),
    }
}

/// Microseconds that survive the round trip.
pub fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap().plus_ms(123)
}

pub fn product_id(number: u128) -> ProductId {
    Uuid::from_u128(number).into()
}

/// An active product of the domain.
pub fn product(number: u128, name: &str, minor: i64, categories: &[&str]) -> Product {
    let sku = format!("SKU-{number}").parse().unwrap();
    let price = Money::of(minor, Currency::EUR);
    let content = ProductContent::new(sku, name, "", price, true, categories.iter().map(|text| slug(text))).unwrap();
    Product::new(product_id(number), slug(&format!("product-{number}")), content, now())
}

/// A root category of the domain.
pub fn category(number: u128, name: &str) -> Category {
    let id: CategoryId = Uuid::from_u128(number).into();
    Category::root(id, category_name(name), Slug::from_name(name).unwrap(), now())
}

/// A category of the domain that is right below another.
pub fn category_below(parent: &Category, number: u128, name: &str) -> Category {
    let id: CategoryId = Uuid::from_u128(number).into();
    parent
        .new_below(id, category_name(name), Slug::from_name(name).unwrap(), now())
        .unwrap()
}

fn category_name(name: &str) -> CategoryName {
    CategoryName::new(name).unwrap()
}
