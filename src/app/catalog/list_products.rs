//! Lists products.

use super::CatalogService;
use super::messages::product_message;
use super::product_cursor::{cursor_behind, order_from};
use crate::domains::catalog::folding::folded;
use crate::domains::catalog::product_content::ProductContent;
use crate::ports::catalog::operations::{ListProducts, ListProductsError, Product};
use crate::ports::catalog::outbound::ProductQuery;
use crate::ports::shared::call_context::CallContext;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::operation::Handler;
use crate::ports::shared::page::{Page, PageRequest};

impl Handler<ListProducts> for CatalogService {
    fn handle(&self, cx: &CallContext, op: ListProducts) -> Result<Page<Product>, Failure<ListProductsError>> {
        let limit = op.page.limit.clamp(1, PageRequest::MAX_LIMIT);
        let order =
            order_from(op.sort, op.page.after.as_deref()).ok_or(Failure::Domain(ListProductsError::InvalidCursor))?;
        let category = match &op.category {
            None => None,
            Some(slug) => {
                let category = self.store.find_category(slug)?;
                let category = category.ok_or(Failure::Domain(ListProductsError::UnknownCategory))?;
                Some(category.path().clone())
            }
        };
        let search = op.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if search.is_some_and(|text| !may_be_in_a_name(text)) {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let query = ProductQuery {
            active_only: !cx.principal.is_staff(),
            category,
            search_folded: search.map(folded),
            price_minor_min: op.price_minor_min,
            price_minor_max: op.price_minor_max,
            in_stock: op.in_stock,
            order,
            limit: limit + 1,
        };
        let found = self.store.list_products(&query)?;
        let page = Page::from_one_more(found, limit, |product| cursor_behind(product, op.sort));
        Ok(page.map(|product| product_message(&product)))
    }
}

/// What no name or SKU can contain need not be looked for, and some of it no database takes.
fn may_be_in_a_name(text: &str) -> bool {
    text.chars().count() <= ProductContent::MAX_NAME_CHARS && !text.contains(char::is_control)
}
