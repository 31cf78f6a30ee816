//! Statements that write products and categories inside of the caller's transaction.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::schema::{categories, product_availability, product_categories, products};
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::catalog::category::Category;
use crate::domains::catalog::product::Product;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::slug::Slug;
use crate::ports::shared::storage::StorageError;

pub(super) fn insert_categories(conn: &mut DbConn, new: &[Category]) -> Result<(), StorageError> {
    for category in new {
        let path = category.path();
        diesel::insert_into(categories::table)
            .values((
                categories::id.eq(category.id().to_string()),
                categories::slug.eq(category.slug().as_str()),
                categories::name.eq(category.name().as_str()),
                categories::parent_id.eq(category.parent_id().map(|id| id.to_string())),
                categories::path.eq(path.to_string()),
                categories::depth.eq(i32::try_from(path.depth()).unwrap_or(i32::MAX)),
                categories::version.eq(category.version()),
                categories::created_at.eq(category.created_at().naive_utc()),
            ))
            .execute(conn)
            .map_err(storage_error)?;
    }
    Ok(())
}

pub(super) fn insert_product(conn: &mut DbConn, product: &Product) -> Result<(), StorageError> {
    let content = product.content();
    diesel::insert_into(products::table)
        .values((
            products::id.eq(product.id().to_string()),
            products::sku.eq(content.sku().as_str()),
            products::slug.eq(product.slug().as_str()),
            products::name.eq(content.name()),
            products::name_folded.eq(content.name_folded()),
            products::description.eq(content.description()),
            products::price_minor.eq(content.price().minor()),
            products::currency.eq(content.price().currency().code()),
            products::active.eq(content.is_active()),
            products::in_stock.eq(is_in_stock(conn, &product.id().to_string())?),
            products::version.eq(product.version()),
            products::created_at.eq(product.created_at().naive_utc()),
            products::updated_at.eq(product.updated_at().naive_utc()),
        ))
        .execute(conn)
        .map_err(storage_error)?;
    insert_memberships(conn, product.id(), content.category_slugs())
}

pub(super) fn update_product(conn: &mut DbConn, product: &Product) -> Result<(), StorageError> {
    let content = product.content();
    let known = products::table
        .find(product.id().to_string())
        .filter(products::version.eq(product.version() - 1));
    let written = diesel::update(known)
        .set((
            products::sku.eq(content.sku().as_str()),
            products::slug.eq(product.slug().as_str()),
            products::name.eq(content.name()),
            products::name_folded.eq(content.name_folded()),
            products::description.eq(content.description()),
            products::price_minor.eq(content.price().minor()),
            products::currency.eq(content.price().currency().code()),
            products::active.eq(content.is_active()),
            products::version.eq(product.version()),
            products::updated_at.eq(product.updated_at().naive_utc()),
        ))
        .execute(conn)
        .map_err(storage_error)?;
    if written != 1 {
        return Err(StorageError::Stale);
    }
    diesel::delete(product_categories::table.filter(product_categories::product_id.eq(product.id().to_string())))
        .execute(conn)
        .map_err(storage_error)?;
    insert_memberships(conn, product.id(), content.category_slugs())
}

/// Whether any location has some of a product.
pub(super) fn is_in_stock(conn: &mut DbConn, product_id: &str) -> Result<bool, StorageError> {
    diesel::select(diesel::dsl::exists(
        product_availability::table
            .filter(product_availability::product_id.eq(product_id))
            .filter(product_availability::available.gt(0)),
    ))
    .get_result(conn)
    .map_err(storage_error)
}

fn insert_memberships(conn: &mut DbConn, id: ProductId, slugs: &BTreeSet<Slug>) -> Result<(), StorageError> {
    if slugs.is_empty() {
        return Ok(());
    }
    let category_ids: Vec<String> = categories::table
        .filter(categories::slug.eq_any(slugs.iter().map(Slug::as_str)))
        .select(categories::id)
        .load(conn)
        .map_err(storage_error)?;
    if category_ids.len() != slugs.len() {
        return Err(StorageError::Refused {
            constraint: "a product is in categories that exist".to_owned(),
        });
    }
    for category_id in category_ids {
        diesel::insert_into(product_categories::table)
            .values((
                product_categories::product_id.eq(id.to_string()),
                product_categories::category_id.eq(category_id),
            ))
            .execute(conn)
            .map_err(storage_error)?;
    }
    Ok(())
}
