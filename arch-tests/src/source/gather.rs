//! The visitor that turns a parsed file into facts.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Visibility};

use super::pieces::{attributes_of, is_test_only, name_of, raw_path, trait_impl};
use super::tokens::{Origin, names_a_reason, words};
use super::uses::{flatten, plain};
use super::{
    AsyncUse, AttributeUse, Facts, Function, Literal, MacroCall, Manner, ModuleDeclaration, PathUse, RawPath, Scope,
    Target,
};

/// Attributes that matter inside `#[cfg_attr(.., here)]`.
const WATCHED_IN_CFG_ATTR: &[&str] = &["allow", "ignore", "should_panic"];

pub struct Gather {
    module: Vec<String>,
    test_depth: usize,
    pub(super) facts: Facts,
}

/// Everything the rules want to know about one parsed file that is the module `module`.
pub fn gather(file: &syn::File, module: &[String]) -> Facts {
    let mut gather = Gather {
        module: module.to_vec(),
        test_depth: 0,
        facts: Facts::default(),
    };
    gather.facts.scopes.entry(module.to_vec()).or_default();
    gather.test_depth += usize::from(is_test_only(&file.attrs));
    gather.visit_file(file);
    gather.facts
}

impl Gather {
    pub(super) fn path(&mut self, raw: RawPath, line: usize, manner: Manner) {
        let unresolved = Target::Unknown(raw.segments.clone());
        self.facts.paths.push(PathUse {
            raw,
            module: self.module.clone(),
            line,
            manner,
            in_test: self.test_depth > 0,
            target: unresolved.clone(),
            canonical: unresolved,
        });
    }

    pub(super) fn literal(&mut self, text: String, line: usize) {
        self.facts.literals.push(Literal { text, line });
    }

    pub(super) fn async_use(&mut self, line: usize) {
        self.facts.asyncs.push(AsyncUse {
            line,
            in_test: self.test_depth > 0,
        });
    }

    /// `#[serde(with = "crate::a::b")]` names a path as surely as code does.
    pub(super) fn path_in_string(&mut self, text: &str, line: usize) {
        if let Ok(path) = syn::parse_str::<syn::Path>(text) {
            let raw = raw_path(&path);
            if raw.segments.len() > 1 {
                self.path(raw, line, Manner::default());
            }
        }
    }

    /// Records the names a `use` tree takes; only a real `use` item also names them anew.
    pub(super) fn use_tree(&mut self, tree: &syn::UseTree, prefix: &RawPath, reexport: bool) {
        for flat in flatten(tree, prefix) {
            self.path(
                flat.path,
                flat.line,
                Manner {
                    glob: flat.glob,
                    reexport,
                },
            );
        }
    }

    fn scope(&mut self) -> &mut Scope {
        self.facts.scopes.entry(self.module.clone()).or_default()
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.facts.functions.push(Function {
            name: plain(&signature.ident),
            first_line: signature.span().start().line,
            last_line: block.brace_token.span.close().end().line,
        });
    }

    fn declare(&mut self, item: &Item) {
        if let Item::Macro(item) = item {
            return self.declare_macro(item);
        }
        let Some(ident) = name_of(item) else { return };
        let name = plain(ident);
        self.scope().items.insert(name);
    }

    fn declare_macro(&mut self, item: &syn::ItemMacro) {
        let Some(ident) = &item.ident else { return };
        let name = plain(ident);
        if item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("macro_export"))
        {
            let mut path = self.module.clone();
            path.push(name.clone());
            self.facts.exported_macros.push(path);
        }
        self.scope().items.insert(name);
    }

    fn nested_attributes(&mut self, tokens: &TokenStream) {
        for word in words(tokens.clone()) {
            if WATCHED_IN_CFG_ATTR.contains(&word.text.as_str()) {
                let has_reason = names_a_reason(tokens.clone());
                self.facts.attributes.push(AttributeUse {
                    name: word.text,
                    has_reason,
                    in_macro: false,
                    line: word.line,
                });
            }
        }
    }
}

impl<'ast> Visit<'ast> for Gather {
    fn visit_item(&mut self, item: &'ast Item) {
        let depth = usize::from(is_test_only(attributes_of(item)));
        self.test_depth += depth;
        self.declare(item);
        if let Item::Verbatim(tokens) = item {
            self.scan(tokens.clone(), Origin::Macro);
        }
        visit::visit_item(self, item);
        self.test_depth -= depth;
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = plain(&item.ident);
        self.scope().modules.insert(name.clone());
        self.module.push(name);
        self.facts.modules.push(ModuleDeclaration {
            path: self.module.clone(),
            in_test: self.test_depth > 0,
            moved: item.attrs.iter().any(|attribute| attribute.path().is_ident("path")),
            line: item.ident.span().start().line,
        });
        if item.content.is_some() {
            self.scope();
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        let prefix = RawPath {
            segments: Vec::new(),
            rooted: item.leading_colon.is_some(),
        };
        for flat in flatten(&item.tree, &prefix) {
            if flat.glob {
                self.scope().globs.push(flat.path);
            } else if let Some(alias) = flat.alias {
                self.scope().aliases.entry(alias).or_insert(flat.path);
            }
        }
        self.use_tree(&item.tree, &prefix, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let is_own = item.ident == "self";
        let name = if is_own { "crate".to_owned() } else { plain(&item.ident) };
        let raw = RawPath {
            segments: vec![name],
            rooted: !is_own,
        };
        if let Some((_, rename)) = &item.rename {
            self.scope().aliases.insert(plain(rename), raw.clone());
        }
        self.path(raw, item.ident.span().start().line, Manner::default());
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        let depth = usize::from(is_test_only(&item.attrs));
        self.test_depth += depth;
        visit::visit_impl_item_fn(self, item);
        self.test_depth -= depth;
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some(found) = trait_impl(item) {
            self.facts.impls.push(found);
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.async_use(token.span.start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        match expression {
            syn::Expr::Await(found) => self.async_use(found.await_token.span.start().line),
            syn::Expr::Async(found) => self.async_use(found.async_token.span.start().line),
            syn::Expr::Closure(found) => {
                if let Some(token) = &found.asyncness {
                    self.async_use(token.span.start().line);
                }
            }
            syn::Expr::Verbatim(tokens) => self.scan(tokens.clone(), Origin::Macro),
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.facts.macros.push(MacroCall {
            name: raw_path(&call.path).segments,
            words: words(call.tokens.clone()),
            line: call.path.span().start().line,
        });
        self.visit_path(&call.path);
        self.scan(call.tokens.clone(), Origin::Macro);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let name = raw_path(attribute.path()).segments.join("::");
        if name == "doc" {
            return;
        }
        let line = attribute.path().span().start().line;
        let mut has_reason = false;
        if let Meta::List(list) = &attribute.meta {
            has_reason = names_a_reason(list.tokens.clone());
            if name == "cfg_attr" {
                self.nested_attributes(&list.tokens);
            }
            self.scan(list.tokens.clone(), Origin::Attribute);
        }
        self.facts.attributes.push(AttributeUse {
            name,
            has_reason,
            in_macro: false,
            line,
        });
        self.visit_path(attribute.path());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let raw = raw_path(path);
        if raw.segments.len() > 1 {
            self.path(raw, path.span().start().line, Manner::default());
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` says who may look in; it takes nothing from there.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.literal(literal.value(), literal.span().start().line);
    }
}
