//! Reads a category and its place in the tree.

use super::CatalogService;
use super::messages::category_message;
use crate::domains::catalog::category::Category;
use crate::ports::catalog::operations::{CategoryInTree, GetCategory, GetCategoryError};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;

impl Handler<GetCategory> for CatalogService {
    fn handle(&self, _cx: &CallContext, op: GetCategory) -> Result<CategoryInTree, Failure<GetCategoryError>> {
        let all = self.store.all_categories()?;
        let find = |slug: &_| all.iter().find(|category| category.slug() == slug);
        let category = find(&op.slug).ok_or(Failure::Domain(GetCategoryError::NotFound))?;
        let mut children: Vec<&Category> = all
            .iter()
            .filter(|other| other.parent_id() == Some(category.id()))
            .collect();
        children.sort_by_key(|child| child.name().folded());
        Ok(CategoryInTree {
            category: category_message(category),
            ancestors: category
                .path()
                .above()
                .iter()
                .filter_map(find)
                .map(category_message)
                .collect(),
            children: children.into_iter().map(category_message).collect(),
        })
    }
}
