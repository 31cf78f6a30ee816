//! What inventory told, remembered inside of the caller's transaction.

use diesel::prelude::*;

use super::schema::{product_availability, products};
use super::writes::is_in_stock;
use crate::adapters::shared::sql::connection::DbConn;
use crate::adapters::shared::sql::errors::storage_error;
use crate::domains::catalog::stock_level::StockLevel;
use crate::ports::shared::storage::StorageError;

pub(super) fn apply(conn: &mut DbConn, level: &StockLevel) -> Result<(), StorageError> {
    let product_id = level.product_id.to_string();
    let kept = product_availability::table.find((&product_id, &level.location));
    let known: Option<i64> = kept
        .select(product_availability::version)
        .first(conn)
        .optional()
        .map_err(storage_error)?;
    if !level.is_news_after(known) {
        return Ok(());
    }
    let values = (
        product_availability::available.eq(level.available),
        product_availability::version.eq(level.version),
    );
    match known {
        Some(_) => diesel::update(kept).set(values).execute(conn),
        None => diesel::insert_into(product_availability::table)
            .values((
                product_availability::product_id.eq(&product_id),
                product_availability::location.eq(&level.location),
                values,
            ))
            .execute(conn),
    }
    .map_err(storage_error)?;
    let in_stock = is_in_stock(conn, &product_id)?;
    let changed = products::table
        .find(&product_id)
        .filter(products::in_stock.ne(in_stock));
    diesel::update(changed)
        .set((
            products::in_stock.eq(in_stock),
            products::version.eq(products::version + 1),
        ))
        .execute(conn)
        .map_err(storage_error)?;
    Ok(())
}
