//! Adds a product or replaces what is said of it, and makes the categories it is in.

use std::collections::BTreeSet;

use super::CatalogService;
use super::attempts::{Setback, until_not_overtaken};
use super::category_creation::{NoSlug, free_slug};
use super::messages::{product_created, product_updated};
use super::product_checks::checked_content;
use crate::domains::catalog::category::{Category, CategoryName};
use crate::domains::catalog::product::Product;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::catalog::operations::{ImportOutcome, ImportProduct, Imported, WriteProductError};
use crate::ports::catalog::outbound::ProductKey;
use crate::ports::shared::call_context::{CallContext, EffectMode};
use crate::ports::shared::events::EventRecord;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<ImportProduct> for CatalogService {
    fn handle(&self, cx: &CallContext, op: ImportProduct) -> Result<Imported, Failure<WriteProductError>> {
        until_not_overtaken(|| self.import_product(cx, &op))
    }
}

impl CatalogService {
    fn import_product(&self, cx: &CallContext, op: &ImportProduct) -> Result<Imported, Setback<WriteProductError>> {
        let now = self.clock.now();
        let (leaf, new_categories) = self.categories_on(&op.category_path, now)?;
        let content = checked_content(&op.details, leaf)?;
        let is_live = cx.effect_mode == EffectMode::Live;

        let Some(known) = self.store.find_product(&ProductKey::Sku(op.details.sku.clone()))? else {
            let slug = self.slug_for_new(op.details.slug.as_ref(), &content)?;
            let product = Product::new(self.ids.make(), slug, content, now);
            if is_live {
                let event = EventRecord::of(&product_created(&product), cx, self.ids.as_ref(), now);
                let unit = UnitOfWork::events(vec![event]);
                self.store.insert_product(&product, &new_categories, &unit)?;
            }
            return Ok(Imported {
                product_id: is_live.then_some(product.id()),
                outcome: ImportOutcome::Created,
            });
        };
        let slug = self.slug_for_known(op.details.slug.as_ref(), known.id())?;
        let Some(product) = known.revised(slug, content, now) else {
            return Ok(imported(&known, ImportOutcome::Unchanged));
        };
        if is_live {
            let event = EventRecord::of(&product_updated(&product), cx, self.ids.as_ref(), now);
            let unit = UnitOfWork::events(vec![event]);
            self.store.update_product(&product, &new_categories, &unit)?;
        }
        Ok(imported(&product, ImportOutcome::Updated))
    }

    /// The slug of the last category on a path of names, and those on the path that are to be made. Categories of one
    /// parent are told apart by their names, in whatever case.
    fn categories_on(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<(Option<Slug>, Vec<Category>), Failure<WriteProductError>> {
        if names.is_empty() {
            return Ok((None, Vec::new()));
        }
        let all = self.store.all_categories()?;
        let mut made: Vec<Category> = Vec::new();
        let mut parent: Option<Category> = None;
        for name in names {
            let name = CategoryName::new(name).map_err(|error| invalid_path(&error.to_string()))?;
            let parent_id = parent.as_ref().map(Category::id);
            let known = all
                .iter()
                .find(|category| category.parent_id() == parent_id && category.name().folded() == name.folded());
            if let Some(known) = known {
                parent = Some(known.clone());
                continue;
            }
            let taken: BTreeSet<&Slug> = all.iter().chain(&made).map(Category::slug).collect();
            let slug = free_slug(&name, &taken).map_err(|error| match error {
                NoSlug::NoLatinLetters => invalid_path("has a name from which no slug can be made"),
                NoSlug::AllTaken => invalid_path("has a name from which too many slugs have been made"),
            })?;
            let id = self.ids.make();
            let category = match &parent {
                None => Category::root(id, name, slug, now),
                Some(parent) => parent
                    .new_below(id, name, slug, now)
                    .map_err(|error| invalid_path(&error.to_string()))?,
            };
            made.push(category.clone());
            parent = Some(category);
        }
        Ok((parent.map(|leaf| leaf.slug().clone()), made))
    }
}

fn imported(product: &Product, outcome: ImportOutcome) -> Imported {
    Imported {
        product_id: Some(product.id()),
        outcome,
    }
}

fn invalid_path(reason: &str) -> Failure<WriteProductError> {
    Failure::Domain(WriteProductError::Invalid {
        field: "category_path".to_owned(),
        reason: reason.to_owned(),
    })
}
