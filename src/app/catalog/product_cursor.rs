//! Cursors of lists of products: where a page ended.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::domains::catalog::product::Product;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::timestamp::Timestamp;
use crate::ports::catalog::operations::ProductSort;
use crate::ports::catalog::outbound::ProductOrder;

/// The last product of a page, as its order sees it. Names the order, so that a cursor is of no use in another one.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ProductCursor {
    Newest(Timestamp, ProductId),
    Name(String, ProductId),
    PriceAscending(i64, ProductId),
    PriceDescending(i64, ProductId),
}

/// The cursor behind `product`. Clients must not look into it; hexadecimal digits survive every URL.
pub(super) fn cursor_behind(product: &Product, sort: ProductSort) -> String {
    let id = product.id();
    let cursor = match sort {
        ProductSort::Newest => ProductCursor::Newest(product.created_at(), id),
        ProductSort::Name => ProductCursor::Name(product.content().name_folded(), id),
        ProductSort::PriceAscending => ProductCursor::PriceAscending(product.content().price().minor(), id),
        ProductSort::PriceDescending => ProductCursor::PriceDescending(product.content().price().minor(), id),
    };
    // Numbers and strings can always be written as JSON. Should that ever be untrue, the cursor is one that is refused.
    let text = serde_json::to_vec(&cursor).unwrap_or_default();
    text.iter()
        .fold(String::with_capacity(text.len() * 2), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Where to begin: at the start, or behind a cursor that a list in this order gave. `None` for any other cursor.
pub(super) fn order_from(sort: ProductSort, cursor: Option<&str>) -> Option<ProductOrder> {
    let cursor = match cursor {
        Some(text) => Some(decoded(text)?),
        None => None,
    };
    Some(match (sort, cursor) {
        (ProductSort::Newest, None) => ProductOrder::Newest { after: None },
        (ProductSort::Newest, Some(ProductCursor::Newest(at, id))) => ProductOrder::Newest { after: Some((at, id)) },
        (ProductSort::Name, None) => ProductOrder::Name { after: None },
        // No name has a control character, and PostgreSQL refuses texts with one of them.
        (ProductSort::Name, Some(ProductCursor::Name(name, id))) if !name.contains(char::is_control) => {
            ProductOrder::Name {
                after: Some((name, id)),
            }
        }
        (ProductSort::PriceAscending, None) => ProductOrder::PriceAscending { after: None },
        (ProductSort::PriceAscending, Some(ProductCursor::PriceAscending(minor, id))) => ProductOrder::PriceAscending {
            after: Some((minor, id)),
        },
        (ProductSort::PriceDescending, None) => ProductOrder::PriceDescending { after: None },
        (ProductSort::PriceDescending, Some(ProductCursor::PriceDescending(minor, id))) => {
            ProductOrder::PriceDescending {
                after: Some((minor, id)),
            }
        }
        _ => return None,
    })
}

fn decoded(hex: &str) -> Option<ProductCursor> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let text: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect::<Option<_>>()?;
    serde_json::from_slice(&text).ok()
}
