//! A `use` tree, however grouped, renamed or starred, as flat paths.

use proc_macro2::Ident;
use syn::UseTree;

use super::RawPath;

pub struct FlatUse {
    pub path: RawPath,
    /// The name it has from here on; none for a glob or `as _`.
    pub alias: Option<String>,
    pub glob: bool,
    pub line: usize,
}

pub fn flatten(tree: &UseTree, prefix: &RawPath) -> Vec<FlatUse> {
    let mut flat = Vec::new();
    collect(tree, prefix, &mut flat);
    flat
}

fn collect(tree: &UseTree, prefix: &RawPath, flat: &mut Vec<FlatUse>) {
    match tree {
        UseTree::Path(path) => collect(&path.tree, &joined(prefix, &path.ident), flat),
        UseTree::Name(name) => flat.push(named(prefix, &name.ident, None)),
        UseTree::Rename(rename) => flat.push(named(prefix, &rename.ident, Some(&rename.rename))),
        UseTree::Glob(glob) => flat.push(FlatUse {
            path: prefix.clone(),
            alias: None,
            glob: true,
            line: glob.star_token.span.start().line,
        }),
        UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, prefix, flat);
            }
        }
    }
}

/// `a::{self}` names `a`; everything else names what it says.
fn named(prefix: &RawPath, ident: &Ident, rename: Option<&Ident>) -> FlatUse {
    let is_self_of_group = ident == "self" && !prefix.segments.is_empty();
    let path = if is_self_of_group {
        prefix.clone()
    } else {
        joined(prefix, ident)
    };
    let alias = rename
        .map_or_else(|| path.segments.last().cloned(), |name| Some(plain(name)))
        .filter(|a| a != "_");
    FlatUse {
        path,
        alias,
        glob: false,
        line: ident.span().start().line,
    }
}

fn joined(prefix: &RawPath, ident: &Ident) -> RawPath {
    let mut path = prefix.clone();
    path.segments.push(plain(ident));
    path
}

/// `r#type` and `type` are one name.
pub fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
