//! A product.

use super::product_content::ProductContent;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::slug::Slug;
use crate::domains::shared::timestamp::Timestamp;

/// A product of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    id: ProductId,
    slug: Slug,
    content: ProductContent,
    in_stock: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Product {
    /// A new product. It is out of stock until the catalog hears of some.
    pub fn new(id: ProductId, slug: Slug, content: ProductContent, now: Timestamp) -> Self {
        Self {
            id,
            slug,
            content,
            in_stock: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Takes over what a database has kept. For rows only.
    pub fn from_storage(
        id: ProductId,
        slug: Slug,
        content: ProductContent,
        in_stock: bool,
        version: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Self {
        Self {
            id,
            slug,
            content,
            in_stock,
            version,
            created_at,
            updated_at,
        }
    }

    /// The product as it is when staff say this of it from now on; `None` when it is like that already. An absent slug
    /// stays as it is.
    pub fn revised(&self, slug: Option<Slug>, content: ProductContent, now: Timestamp) -> Option<Self> {
        let slug = slug.unwrap_or_else(|| self.slug.clone());
        if slug == self.slug && content == self.content {
            return None;
        }
        Some(Self {
            slug,
            content,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        })
    }

    /// Its id.
    pub fn id(&self) -> ProductId {
        self.id
    }

    /// Its name in URLs.
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// What staff say of it.
    pub fn content(&self) -> &ProductContent {
        &self.content
    }

    /// Whether there is any of it, as far as the catalog has heard.
    pub fn is_in_stock(&self) -> bool {
        self.in_stock
    }

    /// Counts its changes, those of [`Self::is_in_stock`] included: what a client has cached is then out of date.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When staff last changed it.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domains::shared::money::{Currency, Money};

    fn content(name: &str) -> ProductContent {
        ProductContent::new("A-1".parse().unwrap(), name, "", Money::of(1, Currency::EUR), true, []).unwrap()
    }

    #[test]
    fn a_revision_counts_and_saying_the_same_again_is_none() {
        let at = |second| Timestamp::from_unix_seconds(second).unwrap();
        let slug: Slug = "milk".parse().unwrap();
        let product = Product::new(
            ProductId::from(Uuid::from_u128(1)),
            slug.clone(),
            content("Milk"),
            at(1),
        );
        assert_eq!(product.revised(None, content("Milk"), at(2)), None);
        assert_eq!(product.revised(Some(slug.clone()), content("Milk"), at(2)), None);

        let renamed = product.revised(None, content("Oat Milk"), at(2)).unwrap();
        assert_eq!((renamed.version(), renamed.updated_at()), (2, at(2)));
        assert_eq!((renamed.slug(), renamed.created_at()), (&slug, at(1)));
    }
}
