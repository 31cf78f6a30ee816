//! Adds a category.

use std::ops::ControlFlow;

use super::CatalogService;
use super::attempts::{Setback, until_not_overtaken};
use super::category_creation::{NoSlug, free_slug};
use super::messages::category_message;
use crate::app::shared::idempotent::into_result;
use crate::domains::catalog::category::{Category, CategoryName};
use crate::domains::shared::slug::Slug;
use crate::ports::catalog::operations::{self, CreateCategory, CreateCategoryError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::storage::UnitOfWork;

impl Handler<CreateCategory> for CatalogService {
    fn handle(
        &self,
        cx: &CallContext,
        op: CreateCategory,
    ) -> Result<operations::Category, Failure<CreateCategoryError>> {
        let result = until_not_overtaken(|| self.create_category(cx, &op));
        self.unless_answered_meanwhile(cx, &op, result)
    }
}

impl CatalogService {
    fn create_category(
        &self,
        cx: &CallContext,
        op: &CreateCategory,
    ) -> Result<operations::Category, Setback<CreateCategoryError>> {
        let now = self.clock.now();
        let claim = match self.begin(cx, op, now)? {
            ControlFlow::Break(outcome) => return Ok(into_result::<CreateCategory>(outcome)?),
            ControlFlow::Continue(claim) => claim,
        };
        let name = CategoryName::new(&op.name).map_err(|error| invalid("name", &error.to_string()))?;
        let all = self.store.all_categories()?;
        let slug = slug_for_new(op.slug.as_ref(), &name, &all)?;
        let id = self.ids.make();
        let category = match &op.parent_slug {
            None => Category::root(id, name, slug, now),
            Some(parent_slug) => all
                .iter()
                .find(|category| category.slug() == parent_slug)
                .ok_or(Failure::Domain(CreateCategoryError::UnknownParent))?
                .new_below(id, name, slug, now)
                .map_err(|_too_deep| Failure::Domain(CreateCategoryError::TooDeep))?,
        };

        let reply = category_message(&category);
        let key = claim
            .map(|claim| claim.answered::<CreateCategory>(&Ok(reply.clone())))
            .transpose()?;
        self.store
            .insert_category(&category, &UnitOfWork::none().with_key(key))?;
        Ok(reply)
    }
}

fn slug_for_new(
    asked_for: Option<&Slug>,
    name: &CategoryName,
    all: &[Category],
) -> Result<Slug, Failure<CreateCategoryError>> {
    let taken = all.iter().map(Category::slug).collect();
    match asked_for {
        Some(slug) if all.iter().any(|category| category.slug() == slug) => {
            Err(Failure::Domain(CreateCategoryError::SlugTaken))
        }
        Some(slug) => Ok(slug.clone()),
        None => free_slug(name, &taken).map_err(|error| match error {
            NoSlug::NoLatinLetters => invalid("slug", "cannot be made from the name: send one"),
            NoSlug::AllTaken => Failure::Domain(CreateCategoryError::SlugTaken),
        }),
    }
}

fn invalid(field: &str, reason: &str) -> Failure<CreateCategoryError> {
    Failure::Domain(CreateCategoryError::Invalid {
        field: field.to_owned(),
        reason: reason.to_owned(),
    })
}
