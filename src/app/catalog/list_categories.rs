//! Lists all categories.

use super::CatalogService;
use super::messages::category_message;
use crate::ports::catalog::operations::{Category, ListCategories};
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::{Failure, Never};
use crate::ports::shared::operation::Handler;

impl Handler<ListCategories> for CatalogService {
    fn handle(&self, _cx: &CallContext, _op: ListCategories) -> Result<Vec<Category>, Failure<Never>> {
        let all = self.store.all_categories()?;
        Ok(all.iter().map(category_message).collect())
    }
}
