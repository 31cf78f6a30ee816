//! The query behind lists of products.

use diesel::prelude::*;

use super::rows::ProductRow;
use super::schema::{categories, product_categories, products};
use crate::adapters::shared::sql::connection::{DbConn, MultiBackend};
use crate::ports::catalog::outbound::{ProductOrder, ProductQuery};

diesel::define_sql_function! {
    /// Lower case of ASCII letters on both databases; a SKU has no others.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// The rows of a page.
pub(super) fn rows(conn: &mut DbConn, query: &ProductQuery) -> QueryResult<Vec<ProductRow>> {
    let mut rows = products::table
        .select(ProductRow::as_select())
        .limit(i64::from(query.limit))
        .into_boxed::<MultiBackend>();
    if query.active_only {
        rows = rows.filter(products::active.eq(true));
    }
    if let Some(category) = &query.category {
        // A path is made of slugs and slashes: it holds no wildcard.
        let in_category = product_categories::table
            .inner_join(categories::table)
            .filter(categories::path.like(format!("{category}%")))
            .select(product_categories::product_id);
        rows = rows.filter(products::id.eq_any(in_category));
    }
    if let Some(search) = &query.search_folded {
        let pattern = contains_pattern(search);
        rows = rows.filter(
            products::name_folded
                .like(pattern.clone())
                .escape(ESCAPE)
                .or(lower(products::sku).like(pattern).escape(ESCAPE)),
        );
    }
    if let Some(minor) = query.price_minor_min {
        rows = rows.filter(products::price_minor.ge(minor));
    }
    if let Some(minor) = query.price_minor_max {
        rows = rows.filter(products::price_minor.le(minor));
    }
    if let Some(in_stock) = query.in_stock {
        rows = rows.filter(products::in_stock.eq(in_stock));
    }
    in_order(rows, &query.order).load(conn)
}

type BoxedRows<'a> =
    products::BoxedQuery<'a, MultiBackend, diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<ProductRow, MultiBackend>>>;

/// Sorts, and goes on behind the last entry of the page before. "From its sort value on, and behind it by value or id"
/// says the same as "behind it by value, or of the same value and behind it by id", and lets the index find the place.
fn in_order<'a>(rows: BoxedRows<'a>, order: &ProductOrder) -> BoxedRows<'a> {
    match order {
        ProductOrder::Newest { after } => {
            let rows = rows.order((products::created_at.desc(), products::id.desc()));
            let Some((created_at, id)) = after else { return rows };
            let (at, id) = (created_at.naive_utc(), id.to_string());
            rows.filter(products::created_at.le(at))
                .filter(products::created_at.lt(at).or(products::id.lt(id)))
        }
        ProductOrder::Name { after } => {
            let rows = rows.order((products::name_folded.asc(), products::id.asc()));
            let Some((name, id)) = after else { return rows };
            rows.filter(products::name_folded.ge(name.clone())).filter(
                products::name_folded
                    .gt(name.clone())
                    .or(products::id.gt(id.to_string())),
            )
        }
        ProductOrder::PriceAscending { after } => {
            let rows = rows.order((products::price_minor.asc(), products::id.asc()));
            let Some((minor, id)) = *after else { return rows };
            rows.filter(products::price_minor.ge(minor))
                .filter(products::price_minor.gt(minor).or(products::id.gt(id.to_string())))
        }
        ProductOrder::PriceDescending { after } => {
            let rows = rows.order((products::price_minor.desc(), products::id.desc()));
            let Some((minor, id)) = *after else { return rows };
            rows.filter(products::price_minor.le(minor))
                .filter(products::price_minor.lt(minor).or(products::id.lt(id.to_string())))
        }
    }
}

/// Marks a character of a pattern that stands for itself; `SQLite` has none unless told.
const ESCAPE: char = '\\';

/// The pattern of texts that contain `text`, in which `%` and `_` stand for themselves.
fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
