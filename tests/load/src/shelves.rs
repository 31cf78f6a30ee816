//! Stocks what the baskets of a run will take.

use std::collections::BTreeMap;

use crate::admin::Admin;
use crate::baskets::{self, Basket};
use crate::cli::ServerOptions;
use crate::failure::Failure;

/// Creates the products that are missing and receives what the baskets will take. Returns the product ids by name.
pub fn stock(server: &ServerOptions, prefix: &str, baskets: &[Basket]) -> Result<BTreeMap<String, String>, Failure> {
    let mut admin = Admin::log_in(
        &server.url,
        &server.admin_email,
        &server.admin_password,
        server.patience(),
    )?;
    let mut product_ids = BTreeMap::new();
    for (name, units) in baskets::demand(baskets) {
        let slug = format!("basket-{}", baskets::slug(&name));
        let id = admin.product(&slug, &name, baskets::price_minor(&name))?;
        admin.receive(&id, units, &format!("{prefix}-receive-{units}-{slug}"))?;
        product_ids.insert(name, id);
    }
    Ok(product_ids)
}

/// A basket's product ids with their quantities.
pub fn lines<'a>(
    basket: &'a Basket,
    product_ids: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a str, u64)> {
    basket
        .articles
        .iter()
        .filter_map(|(name, units)| Some((product_ids.get(name)?.as_str(), *units)))
}
