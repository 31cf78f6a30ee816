//! What single pieces of syntax say, without regard to where they stand.

use proc_macro2::Ident;
use syn::{Attribute, Item, Meta};

use super::tokens::words;
use super::uses::plain;
use super::{RawPath, TraitImpl};

pub fn raw_path(path: &syn::Path) -> RawPath {
    RawPath {
        segments: path.segments.iter().map(|segment| plain(&segment.ident)).collect(),
        rooted: path.leading_colon.is_some(),
    }
}

pub fn trait_impl(item: &syn::ItemImpl) -> Option<TraitImpl> {
    let (path, _) = item.trait_.as_ref()?;
    let last = path.segments.last()?;
    let argument = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(kind) => last_segment(kind),
            _ => None,
        }),
        _ => None,
    };
    Some(TraitImpl {
        trait_name: plain(&last.ident),
        argument,
        type_name: last_segment(&item.self_ty).unwrap_or_default(),
        line: item.impl_token.span.start().line,
    })
}

fn last_segment(kind: &syn::Type) -> Option<String> {
    match kind {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| plain(&segment.ident)),
        _ => None,
    }
}

/// Only `cfg(test)` and `cfg(all(test, ..))`: `cfg(any(test, ..))` also exists outside tests.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute
            .path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "test")
        {
            return true;
        }
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let text: Vec<String> = words(list.tokens.clone()).into_iter().map(|word| word.text).collect();
        attribute.path().is_ident("cfg")
            && (text == ["test"] || text.starts_with(&["all".into(), "(".into(), "test".into()]))
    })
}

pub fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name an item declares in its module; modules and macros are declared in their own ways.
pub fn name_of(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}
