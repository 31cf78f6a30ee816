//! From what the catalog knows to what it says.

use crate::domains::catalog::category::Category;
use crate::domains::catalog::product::Product;
use crate::ports::catalog::events::{ProductCreated, ProductUpdated};
use crate::ports::catalog::operations;

pub(super) fn product_message(product: &Product) -> operations::Product {
    let content = product.content();
    operations::Product {
        id: product.id(),
        sku: content.sku().clone(),
        slug: product.slug().clone(),
        name: content.name().to_owned(),
        description: content.description().to_owned(),
        price: content.price(),
        active: content.is_active(),
        in_stock: product.is_in_stock(),
        category_slugs: content.category_slugs().iter().cloned().collect(),
        version: product.version(),
        created_at: product.created_at(),
        updated_at: product.updated_at(),
    }
}

pub(super) fn category_message(category: &Category) -> operations::Category {
    operations::Category {
        id: category.id(),
        slug: category.slug().clone(),
        name: category.name().as_str().to_owned(),
        parent_slug: category.parent_slug().cloned(),
        version: category.version(),
    }
}

pub(super) fn product_created(product: &Product) -> ProductCreated {
    let content = product.content();
    ProductCreated {
        product_id: product.id(),
        sku: content.sku().clone(),
        slug: product.slug().clone(),
        name: content.name().to_owned(),
        price: content.price(),
        active: content.is_active(),
    }
}

pub(super) fn product_updated(product: &Product) -> ProductUpdated {
    let content = product.content();
    ProductUpdated {
        product_id: product.id(),
        sku: content.sku().clone(),
        slug: product.slug().clone(),
        name: content.name().to_owned(),
        price: content.price(),
        active: content.is_active(),
    }
}
