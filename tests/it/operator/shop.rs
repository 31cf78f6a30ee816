//! A shop in memory with just what the import and the demo need: products by SKU, stock, people.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use banyan::app::bootstrap::contexts::Contexts;
use banyan::domains::shared::ids::{CategoryId, ProductId};
use banyan::domains::shared::slug::Slug;
use banyan::domains::shared::timestamp::Timestamp;
use banyan::ports::catalog::operations::{
    Category, ImportOutcome, ImportProduct, Imported, ListCategories, ListProducts, Product, WriteProductError,
};
use banyan::ports::identity::operations::{CreateStaff, RegisterUser, RegisterUserError, User};
use banyan::ports::inventory::operations::{ChangeStock, GetStock, StockChange, StockLevel};
use banyan::ports::shared::call_context::{CallContext, EffectMode};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::page::Page;
use uuid::Uuid;

use super::scripted::Scripted;

#[derive(Default)]
pub struct State {
    /// Products in the order of their making.
    pub products: Vec<(ProductId, ImportProduct)>,
    pub levels: HashMap<ProductId, i64>,
    /// Idempotency keys and what they were used for.
    pub keys: HashMap<String, ProductId>,
    /// E-mail addresses, passwords and roles.
    pub people: BTreeMap<String, (String, String)>,
    pub writes: u32,
}

#[derive(Clone)]
pub struct Shop {
    pub state: Arc<Mutex<State>>,
    pub script: Arc<Scripted>,
}

impl Shop {
    pub fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let script = Scripted::default()
            .on::<ImportProduct>(with(&state, import))
            .on::<ListProducts>(with(&state, |state, _cx, op| Ok(list(state, &op))))
            .on::<ListCategories>(with(&state, |state, _cx, _op| Ok(categories(state))))
            .on::<GetStock>(with(&state, |state, _cx, op: GetStock| Ok(stock(state, op.product_id))))
            .on::<ChangeStock>(with(&state, |state, cx, op| Ok(receive(state, cx, &op))))
            .on::<CreateStaff>(with(&state, create_staff))
            .on::<RegisterUser>(with(&state, register));
        Self {
            state,
            script: Arc::new(script),
        }
    }

    pub fn contexts(&self) -> Contexts {
        self.script.clone().plays_all()
    }

    /// What was imported under a SKU.
    pub fn product(&self, sku: &str) -> ImportProduct {
        let state = self.state.lock().unwrap();
        let found = state.products.iter().find(|(_, op)| op.details.sku.as_str() == sku);
        found.unwrap_or_else(|| panic!("{sku} is not there")).1.clone()
    }

    pub fn skus(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state
            .products
            .iter()
            .map(|(_, op)| op.details.sku.to_string())
            .collect()
    }
}

/// Answers from the state of the shop.
fn with<Op, R, E>(
    state: &Arc<Mutex<State>>,
    answer: fn(&mut State, &CallContext, Op) -> Result<R, Failure<E>>,
) -> impl Fn(&CallContext, Op) -> Result<R, Failure<E>> + Send + Sync + use<Op, R, E> {
    let state = state.clone();
    move |cx, op| answer(&mut state.lock().unwrap(), cx, op)
}

fn receive(state: &mut State, cx: &CallContext, op: &ChangeStock) -> StockLevel {
    let StockChange::Receive(pieces) = op.change else {
        panic!("only deliveries come here")
    };
    let key = cx.idempotency_key.as_ref().expect("a key").as_str().to_owned();
    if state.keys.insert(key, op.product_id).is_none() {
        *state.levels.entry(op.product_id).or_default() += pieces;
    }
    stock(state, op.product_id).remove(0)
}

fn create_staff(state: &mut State, _cx: &CallContext, op: CreateStaff) -> Result<User, Failure<RegisterUserError>> {
    if op.password.expose().len() < 15 {
        return Err(Failure::Domain(RegisterUserError::Invalid {
            field: "password".to_owned(),
            reason: "must have at least 15 bytes".to_owned(),
        }));
    }
    let (email, role) = (op.email.to_string(), op.role.name());
    let entry = (op.password.expose().to_owned(), role.to_owned());
    state.people.insert(email.clone(), entry);
    Ok(user(&email, role))
}

fn register(state: &mut State, _cx: &CallContext, op: RegisterUser) -> Result<User, Failure<RegisterUserError>> {
    let email = op.email.to_string();
    if state.people.contains_key(&email) {
        return Err(Failure::Domain(RegisterUserError::EmailTaken));
    }
    let entry = (op.password.expose().to_owned(), "customer".to_owned());
    state.people.insert(email.clone(), entry);
    Ok(user(&email, "customer"))
}

fn import(state: &mut State, cx: &CallContext, op: ImportProduct) -> Result<Imported, Failure<WriteProductError>> {
    if op.details.name.chars().any(char::is_control) {
        return Err(Failure::Domain(WriteProductError::Invalid {
            field: "name".to_owned(),
            reason: "must not contain control characters".to_owned(),
        }));
    }
    let number = u128::try_from(state.products.len() + 1).unwrap();
    let known = state
        .products
        .iter_mut()
        .find(|(_, known)| known.details.sku == op.details.sku);
    let (product_id, outcome) = match &known {
        None => (None, ImportOutcome::Created),
        Some((id, known)) if same(known, &op) => (Some(*id), ImportOutcome::Unchanged),
        Some((id, _)) => (Some(*id), ImportOutcome::Updated),
    };
    if cx.effect_mode == EffectMode::DryRun {
        return Ok(Imported { product_id, outcome });
    }
    let product_id = product_id.unwrap_or_else(|| ProductId::from(Uuid::from_u128(number)));
    if outcome != ImportOutcome::Unchanged {
        state.writes += 1;
        match known {
            Some(known) => known.1 = op,
            None => state.products.push((product_id, op)),
        }
    }
    Ok(Imported {
        product_id: Some(product_id),
        outcome,
    })
}

fn same(one: &ImportProduct, other: &ImportProduct) -> bool {
    one.details == other.details && one.category_path == other.category_path
}

fn list(state: &State, op: &ListProducts) -> Page<Product> {
    let wanted = |import: &ImportProduct| {
        op.search
            .as_ref()
            .is_none_or(|text| import.details.sku.as_str().contains(text))
    };
    let items = state
        .products
        .iter()
        .filter(|(_, import)| wanted(import))
        .map(|(id, import)| Product {
            id: *id,
            sku: import.details.sku.clone(),
            slug: Slug::from_name(&import.details.name).unwrap(),
            name: import.details.name.clone(),
            description: import.details.description.clone(),
            price: import.details.price,
            active: import.details.active,
            in_stock: true,
            category_slugs: Vec::new(),
            version: 1,
            created_at: the_beginning(),
            updated_at: the_beginning(),
        })
        .collect();
    Page::from_one_more(items, op.page.limit, |product| product.id.to_string())
}

/// All names on all paths, once each.
fn categories(state: &State) -> Vec<Category> {
    let mut names: Vec<&String> = state.products.iter().flat_map(|(_, op)| &op.category_path).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| Category {
            id: CategoryId::from(Uuid::from_u128(1)),
            slug: Slug::from_name(name).unwrap(),
            name: name.clone(),
            parent_slug: None,
            version: 1,
        })
        .collect()
}

fn stock(state: &State, product_id: ProductId) -> Vec<StockLevel> {
    let level = |on_hand: &i64| StockLevel {
        product_id,
        location: "main".to_owned(),
        on_hand: *on_hand,
        reserved: 0,
        version: 1,
    };
    state.levels.get(&product_id).map(level).into_iter().collect()
}

fn user(email: &str, role: &str) -> User {
    User {
        id: Uuid::from_u128(1).into(),
        email: email.parse().unwrap(),
        first_name: "Ada".to_owned(),
        last_name: "Admin".to_owned(),
        role: role.parse().unwrap(),
        version: 1,
        created_at: the_beginning(),
        updated_at: the_beginning(),
    }
}

fn the_beginning() -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600).unwrap()
}
