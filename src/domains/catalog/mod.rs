//! The rules of the catalog: what a product is, and how categories form a tree.

pub mod product;

pub mod product_content;

pub mod category;
pub mod category_path;

pub mod stock_level;

pub mod folding;
