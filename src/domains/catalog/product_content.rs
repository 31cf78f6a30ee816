//! What staff say of a product.

use std::collections::BTreeSet;

use super::folding::folded;
use crate::domains::shared::money::Money;
use crate::domains::shared::sku::Sku;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::text::{InvalidText, multi_line, single_line};

/// What staff say of a product, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductContent {
    sku: Sku,
    name: String,
    description: String,
    price: Money,
    active: bool,
    category_slugs: BTreeSet<Slug>,
}

/// Which rule a product breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProduct {
    /// A name is one line of 1 to [`ProductContent::MAX_NAME_CHARS`] characters.
    #[error("{0}")]
    Name(InvalidText),
    /// A description has at most [`ProductContent::MAX_DESCRIPTION_CHARS`] characters.
    #[error("{0}")]
    Description(InvalidText),
    /// A price is neither negative nor above [`ProductContent::MAX_PRICE_MINOR`].
    #[error("must be from 0 to {}", ProductContent::MAX_PRICE_MINOR)]
    Price,
    /// A product is in at most [`ProductContent::MAX_CATEGORIES`] categories.
    #[error("must have at most {} entries", ProductContent::MAX_CATEGORIES)]
    Categories,
}

impl InvalidProduct {
    /// The field that breaks the rule, as messages call it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Description(_) => "description",
            Self::Price => "price/amount",
            Self::Categories => "category_slugs",
        }
    }
}

impl ProductContent {
    /// The most characters of a name.
    pub const MAX_NAME_CHARS: usize = 200;
    /// The most characters of a description.
    pub const MAX_DESCRIPTION_CHARS: usize = 10_000;
    /// The highest price, in minor units: a billion of a currency with two digits. A hundred lines of a million pieces
    /// each at this price do not fit into 64 bits, which the sum of an order checks; one line does.
    pub const MAX_PRICE_MINOR: i64 = 100_000_000_000;
    /// The most categories of a product.
    pub const MAX_CATEGORIES: usize = 20;

    /// Checks what staff say of a product. Names are trimmed; a category that is named twice counts once.
    ///
    /// # Errors
    /// [`InvalidProduct`].
    pub fn new(
        sku: Sku,
        name: &str,
        description: &str,
        price: Money,
        active: bool,
        category_slugs: impl IntoIterator<Item = Slug>,
    ) -> Result<Self, InvalidProduct> {
        let name = single_line(name, Self::MAX_NAME_CHARS).map_err(InvalidProduct::Name)?;
        let description = match multi_line(description, Self::MAX_DESCRIPTION_CHARS) {
            Err(InvalidText::Empty) => String::new(),
            checked => checked.map_err(InvalidProduct::Description)?,
        };
        if !(0..=Self::MAX_PRICE_MINOR).contains(&price.minor()) {
            return Err(InvalidProduct::Price);
        }
        let category_slugs: BTreeSet<Slug> = category_slugs.into_iter().collect();
        if category_slugs.len() > Self::MAX_CATEGORIES {
            return Err(InvalidProduct::Categories);
        }
        Ok(Self {
            sku,
            name,
            description,
            price,
            active,
            category_slugs,
        })
    }

    /// Takes over what a database has kept, by whatever rules held when it was written. For rows only.
    pub fn from_storage(
        sku: Sku,
        name: String,
        description: String,
        price: Money,
        active: bool,
        category_slugs: BTreeSet<Slug>,
    ) -> Self {
        Self {
            sku,
            name,
            description,
            price,
            active,
            category_slugs,
        }
    }

    /// The shop's own name of the product.
    pub fn sku(&self) -> &Sku {
        &self.sku
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The form of the name in which it is searched and sorted.
    pub fn name_folded(&self) -> String {
        folded(&self.name)
    }

    /// Its description; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What one piece costs.
    pub fn price(&self) -> Money {
        self.price
    }

    /// Whether it can be bought.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The categories it is in.
    pub fn category_slugs(&self) -> &BTreeSet<Slug> {
        &self.category_slugs
    }

    /// The slug of a product that was given none: made from its name or, where that has no Latin letters, its SKU.
    pub fn suggested_slug(&self) -> Option<Slug> {
        Slug::from_name(&self.name).or_else(|| Slug::from_name(self.sku.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::shared::money::Currency;

    fn content(name: &str, description: &str, minor: i64) -> Result<ProductContent, InvalidProduct> {
        let price = Money::of(minor, Currency::EUR);
        ProductContent::new("A-1".parse().unwrap(), name, description, price, true, [])
    }

    #[test]
    fn a_price_is_neither_negative_nor_beyond_a_billion() {
        assert_eq!(content("a", "", -1), Err(InvalidProduct::Price));
        assert_eq!(content("a", "", 100_000_000_001), Err(InvalidProduct::Price));
        assert!(content("a", "", 0).is_ok());
        assert!(content("a", "", 100_000_000_000).is_ok());
    }

    #[test]
    fn a_name_is_one_line_and_a_description_may_be_empty() {
        assert_eq!(content(" ", "", 1), Err(InvalidProduct::Name(InvalidText::Empty)));
        assert_eq!(
            content("a\r\nb", "", 1),
            Err(InvalidProduct::Name(InvalidText::ControlCharacter))
        );
        assert!(matches!(content(&"x".repeat(201), "", 1), Err(InvalidProduct::Name(_))));
        assert!(matches!(
            content("a", &"x".repeat(10_001), 1),
            Err(InvalidProduct::Description(_))
        ));
        let product = content("  Whole Milk ", "one\ntwo", 1).unwrap();
        assert_eq!((product.name(), product.description()), ("Whole Milk", "one\ntwo"));
    }

    #[test]
    fn a_category_that_is_named_twice_counts_once_and_there_are_at_most_twenty() {
        let slugs = |numbers: std::ops::Range<u32>| numbers.map(|number| format!("c{number}").parse().unwrap());
        let with = |categories: Vec<Slug>| {
            let price = Money::of(1, Currency::EUR);
            ProductContent::new("A-1".parse().unwrap(), "a", "", price, true, categories)
        };
        let twice = with(slugs(0..20).chain(slugs(0..20)).collect()).unwrap();
        assert_eq!(twice.category_slugs().len(), 20);
        assert_eq!(with(slugs(0..21).collect()), Err(InvalidProduct::Categories));
    }

    #[test]
    fn a_slug_is_suggested_by_the_name_and_else_by_the_sku() {
        assert_eq!(
            content("Whole Milk", "", 1).unwrap().suggested_slug().unwrap().as_str(),
            "whole-milk"
        );
        assert_eq!(
            content("牛乳", "", 1).unwrap().suggested_slug().unwrap().as_str(),
            "a-1"
        );
    }
}
