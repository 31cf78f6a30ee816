//! An in-memory fake of the catalog store.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use banyan::domains::catalog::category::Category;
use banyan::domains::catalog::product::Product;
use banyan::domains::catalog::stock_level::StockLevel;
use banyan::domains::shared::ids::ProductId;
use banyan::domains::shared::slug::Slug;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::catalog::outbound::{CatalogStore, ProductKey, ProductOrder, ProductQuery};
use banyan::ports::shared::events::{Delivery, EventRecord};
use banyan::ports::shared::idempotency::{IdempotencyKey, IdempotencyStore, KeyRecord};
use banyan::ports::shared::storage::{KeyWrite, StorageError, UnitOfWork};

/// Products and categories in memory, with the keys, events and positions that are committed with them.
#[derive(Default)]
pub struct FakeCatalogStore {
    state: Mutex<State>,
    /// Errors that the next writes fail with, first one first.
    failures: Mutex<Vec<StorageError>>,
}

#[derive(Default, Clone)]
struct State {
    products: BTreeMap<String, Product>,
    categories: Vec<Category>,
    levels: BTreeMap<(String, String), StockLevel>,
    keys: HashMap<(String, IdempotencyKey), KeyRecord>,
    positions: HashMap<String, i64>,
    events: Vec<EventRecord>,
}

impl FakeCatalogStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// The log.
    pub fn events(&self) -> Vec<EventRecord> {
        self.state().events.clone()
    }

    /// Has the next write fail.
    pub fn fail_next_write(&self, error: StorageError) {
        self.failures.lock().unwrap().push(error);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// All or nothing: works on a copy that becomes the state when everything went well.
    fn commit(
        &self,
        unit: &UnitOfWork,
        write: impl FnOnce(&mut State) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut failures = self.failures.lock().unwrap();
        if !failures.is_empty() {
            return Err(failures.remove(0));
        }
        let mut state = self.state();
        let mut next = state.clone();
        write(&mut next)?;
        next.write_unit(unit)?;
        *state = next;
        Ok(())
    }
}

impl State {
    fn write_unit(&mut self, unit: &UnitOfWork) -> Result<(), StorageError> {
        assert!(unit.saga.is_none(), "the catalog has no sagas");
        if let Some(KeyWrite::Claim(record) | KeyWrite::Answer(record)) = &unit.key {
            let name = (record.scope.clone(), record.key.clone());
            if matches!(unit.key, Some(KeyWrite::Claim(_))) && self.keys.contains_key(&name) {
                return Err(duplicate("idempotency_keys"));
            }
            self.keys.insert(name, record.clone());
        }
        match &unit.delivery {
            Some(Delivery::Passage(passage)) => {
                let position = self.positions.entry(passage.consumer.clone()).or_default();
                if *position != passage.from_position {
                    return Err(StorageError::Stale);
                }
                *position = passage.to_position;
            }
            Some(Delivery::Letter(_)) => panic!("letters are replayed on real databases"),
            None => {}
        }
        self.events.extend(unit.events.clone());
        Ok(())
    }

    fn insert_categories(&mut self, new: &[Category]) -> Result<(), StorageError> {
        for category in new {
            if self.categories.iter().any(|known| known.slug() == category.slug()) {
                return Err(duplicate("categories.slug"));
            }
            self.categories.push(category.clone());
        }
        self.categories.sort_by_key(|category| category.path().to_string());
        Ok(())
    }

    fn put_product(&mut self, product: &Product, in_stock: bool) -> Result<(), StorageError> {
        let others = || self.products.values().filter(|other| other.id() != product.id());
        if others().any(|other| other.content().sku() == product.content().sku()) {
            return Err(duplicate("products.sku"));
        }
        if others().any(|other| other.slug() == product.slug()) {
            return Err(duplicate("products.slug"));
        }
        let exists = |slug: &Slug| self.categories.iter().any(|category| category.slug() == slug);
        if !product.content().category_slugs().iter().all(exists) {
            return Err(StorageError::Refused {
                constraint: "a product is in categories that exist".to_owned(),
            });
        }
        let kept = with_stock(product, in_stock, product.version());
        self.products.insert(product.id().to_string(), kept);
        Ok(())
    }

    fn is_in_stock(&self, id: ProductId) -> bool {
        let levels = self.levels.values().filter(|level| level.product_id == id);
        levels.into_iter().any(StockLevel::is_in_stock)
    }

    fn is_wanted(&self, product: &Product, query: &ProductQuery) -> bool {
        let content = product.content();
        let minor = content.price().minor();
        let in_category = query.category.as_ref().is_none_or(|path| {
            self.categories
                .iter()
                .filter(|category| category.path().to_string().starts_with(&path.to_string()))
                .any(|category| content.category_slugs().contains(category.slug()))
        });
        let matches = query.search_folded.as_ref().is_none_or(|search| {
            content.name_folded().contains(search) || content.sku().as_str().to_lowercase().contains(search)
        });
        (content.is_active() || !query.active_only)
            && in_category
            && matches
            && query.price_minor_min.is_none_or(|min| minor >= min)
            && query.price_minor_max.is_none_or(|max| minor <= max)
            && query.in_stock.is_none_or(|wanted| product.is_in_stock() == wanted)
    }
}

impl CatalogStore for FakeCatalogStore {
    fn find_product(&self, key: &ProductKey) -> Result<Option<Product>, StorageError> {
        let state = self.state();
        let is_it = |product: &&Product| match key {
            ProductKey::Id(id) => product.id() == *id,
            ProductKey::Slug(slug) => product.slug() == slug,
            ProductKey::Sku(sku) => product.content().sku() == sku,
        };
        Ok(state.products.values().find(is_it).cloned())
    }

    fn find_products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StorageError> {
        let state = self.state();
        let wanted = |product: &&Product| ids.contains(&product.id());
        Ok(state.products.values().filter(wanted).cloned().collect())
    }

    fn list_products(&self, query: &ProductQuery) -> Result<Vec<Product>, StorageError> {
        let state = self.state();
        let mut found: Vec<Product> = state
            .products
            .values()
            .filter(|product| state.is_wanted(product, query) && is_behind(product, &query.order))
            .cloned()
            .collect();
        found.sort_by(|a, b| compare(a, b, &query.order));
        found.truncate(query.limit.try_into().unwrap());
        Ok(found)
    }

    fn insert_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        self.commit(unit, |state| {
            state.insert_categories(new_categories)?;
            state.put_product(product, state.is_in_stock(product.id()))
        })
    }

    fn update_product(
        &self,
        product: &Product,
        new_categories: &[Category],
        unit: &UnitOfWork,
    ) -> Result<(), StorageError> {
        self.commit(unit, |state| {
            state.insert_categories(new_categories)?;
            match state.products.get(&product.id().to_string()) {
                Some(known) if known.version() == product.version() - 1 => {
                    let in_stock = known.is_in_stock();
                    state.put_product(product, in_stock)
                }
                _ => Err(StorageError::Stale),
            }
        })
    }

    fn find_category(&self, slug: &Slug) -> Result<Option<Category>, StorageError> {
        let state = self.state();
        let found = state.categories.iter().find(|category| category.slug() == slug);
        Ok(found.cloned())
    }

    fn all_categories(&self) -> Result<Vec<Category>, StorageError> {
        Ok(self.state().categories.clone())
    }

    fn insert_category(&self, category: &Category, unit: &UnitOfWork) -> Result<(), StorageError> {
        self.commit(unit, |state| state.insert_categories(std::slice::from_ref(category)))
    }

    fn apply_stock_levels(&self, levels: &[StockLevel], unit: &UnitOfWork) -> Result<(), StorageError> {
        self.commit(unit, |state| {
            for level in levels {
                let place = (level.product_id.to_string(), level.location.clone());
                let known = state.levels.get(&place).map(|known| known.version);
                if !level.is_news_after(known) {
                    continue;
                }
                state.levels.insert(place, level.clone());
                let in_stock = state.is_in_stock(level.product_id);
                if let Some(product) = state.products.get_mut(&level.product_id.to_string())
                    && product.is_in_stock() != in_stock
                {
                    *product = with_stock(product, in_stock, product.version() + 1);
                }
            }
            Ok(())
        })
    }
}

impl IdempotencyStore for FakeCatalogStore {
    fn find_key(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        not_before: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let state = self.state();
        let found = state.keys.get(&(scope.to_owned(), key.clone()));
        Ok(found.filter(|record| record.created_at >= not_before).cloned())
    }

    fn forget_keys(&self, before: Timestamp, _limit: u32) -> Result<usize, StorageError> {
        let mut state = self.state();
        let known = state.keys.len();
        state.keys.retain(|_name, record| record.created_at >= before);
        Ok(known - state.keys.len())
    }
}

fn duplicate(constraint: &str) -> StorageError {
    StorageError::Duplicate {
        constraint: constraint.to_owned(),
    }
}

fn with_stock(product: &Product, in_stock: bool, version: i64) -> Product {
    Product::from_storage(
        product.id(),
        product.slug().clone(),
        product.content().clone(),
        in_stock,
        version,
        product.created_at(),
        product.updated_at(),
    )
}

fn compare(a: &Product, b: &Product, order: &ProductOrder) -> Ordering {
    let minor = |product: &Product| (product.content().price().minor(), product.id());
    match order {
        ProductOrder::Newest { .. } => Reverse((a.created_at(), a.id())).cmp(&Reverse((b.created_at(), b.id()))),
        ProductOrder::Name { .. } => (a.content().name_folded(), a.id()).cmp(&(b.content().name_folded(), b.id())),
        ProductOrder::PriceAscending { .. } => minor(a).cmp(&minor(b)),
        ProductOrder::PriceDescending { .. } => Reverse(minor(a)).cmp(&Reverse(minor(b))),
    }
}

fn is_behind(product: &Product, order: &ProductOrder) -> bool {
    let id = product.id();
    let minor = product.content().price().minor();
    match order {
        ProductOrder::Newest { after } => after.is_none_or(|after| (product.created_at(), id) < after),
        ProductOrder::Name { after } => after
            .as_ref()
            .is_none_or(|(name, last)| (product.content().name_folded(), id) > (name.clone(), *last)),
        ProductOrder::PriceAscending { after } => after.is_none_or(|after| (minor, id) > after),
        ProductOrder::PriceDescending { after } => after.is_none_or(|after| (minor, id) < after),
    }
}
