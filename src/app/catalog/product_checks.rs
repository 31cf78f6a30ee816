//! What creating, updating and importing a product have in common.

use super::{CatalogService, MAX_SLUG_NUMBER};
use crate::domains::catalog::product::Product;
use crate::domains::catalog::product_content::ProductContent;
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::slug::Slug;
use crate::ports::catalog::operations::{ProductDetails, WriteProductError};
use crate::ports::catalog::outbound::ProductKey;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::storage::StorageError;

/// What staff say, checked but for what only the store knows.
pub(super) fn checked_content(
    details: &ProductDetails,
    category_slugs: impl IntoIterator<Item = Slug>,
) -> Result<ProductContent, Failure<WriteProductError>> {
    ProductContent::new(
        details.sku.clone(),
        &details.name,
        &details.description,
        details.price,
        details.active,
        category_slugs,
    )
    .map_err(|error| {
        Failure::Domain(WriteProductError::Invalid {
            field: error.field().to_owned(),
            reason: error.to_string(),
        })
    })
}

impl CatalogService {
    /// Categories exist.
    pub(super) fn check_categories(&self, content: &ProductContent) -> Result<(), Failure<WriteProductError>> {
        for slug in content.category_slugs() {
            if self.store.find_category(slug)?.is_none() {
                return Err(Failure::Domain(WriteProductError::UnknownCategory(slug.clone())));
            }
        }
        Ok(())
    }

    /// The SKU is not that of another product than `own`.
    pub(super) fn check_sku(
        &self,
        content: &ProductContent,
        own: Option<ProductId>,
    ) -> Result<(), Failure<WriteProductError>> {
        if self.is_taken(&ProductKey::Sku(content.sku().clone()), own)? {
            return Err(Failure::Domain(WriteProductError::SkuTaken));
        }
        Ok(())
    }

    /// The slug that was asked for, unless another product has it.
    pub(super) fn slug_for_known(
        &self,
        asked_for: Option<&Slug>,
        own: ProductId,
    ) -> Result<Option<Slug>, Failure<WriteProductError>> {
        match asked_for {
            Some(slug) if self.is_taken(&ProductKey::Slug(slug.clone()), Some(own))? => {
                Err(Failure::Domain(WriteProductError::SlugTaken))
            }
            asked_for => Ok(asked_for.cloned()),
        }
    }

    /// A free slug for a new product: the one that was asked for, or one made from its name.
    pub(super) fn slug_for_new(
        &self,
        asked_for: Option<&Slug>,
        content: &ProductContent,
    ) -> Result<Slug, Failure<WriteProductError>> {
        if let Some(slug) = asked_for {
            if self.is_taken(&ProductKey::Slug(slug.clone()), None)? {
                return Err(Failure::Domain(WriteProductError::SlugTaken));
            }
            return Ok(slug.clone());
        }
        let stem = content.suggested_slug().ok_or_else(|| {
            Failure::Domain(WriteProductError::Invalid {
                field: "slug".to_owned(),
                reason: "cannot be made from the name: send one".to_owned(),
            })
        })?;
        let numbered = (2..=MAX_SLUG_NUMBER).map(|number| stem.numbered(number));
        for slug in std::iter::once(stem.clone()).chain(numbered) {
            if !self.is_taken(&ProductKey::Slug(slug.clone()), None)? {
                return Ok(slug);
            }
        }
        Err(Failure::Domain(WriteProductError::SlugTaken))
    }

    fn is_taken(&self, key: &ProductKey, own: Option<ProductId>) -> Result<bool, StorageError> {
        let holder: Option<Product> = self.store.find_product(key)?;
        Ok(holder.is_some_and(|holder| Some(holder.id()) != own))
    }
}
