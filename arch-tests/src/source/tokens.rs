//! Facts from tokens nobody parses: the inside of macro calls, macro definitions and attributes.
//!
//! Without this, `vec![crate::adapters::x()]` would be a hole in every rule.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

use super::gather::Gather;
use super::uses::plain;
use super::{AttributeUse, Manner, RawPath, Word};

/// Where the tokens come from, because a string in an attribute may be a path (`#[serde(with = "..")]`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Macro,
    Attribute,
}

impl Gather {
    pub fn scan(&mut self, tokens: TokenStream, origin: Origin) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            match tree {
                TokenTree::Group(group) => self.scan(group.stream(), origin),
                TokenTree::Literal(literal) => self.scan_literal(literal, origin),
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.scan_attribute(&trees, at),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(ident) => at = self.scan_ident(&trees, at, ident),
            }
            at += 1;
        }
    }

    fn scan_literal(&mut self, literal: &proc_macro2::Literal, origin: Origin) {
        let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) else {
            return;
        };
        let line = literal.span().start().line;
        if origin == Origin::Attribute {
            self.path_in_string(&text.value(), line);
        }
        self.literal(text.value(), line);
    }

    /// `#[name ..]` or `#![name ..]` in a macro's tokens.
    fn scan_attribute(&mut self, trees: &[TokenTree], at: usize) {
        let bang = usize::from(is_punct(trees.get(at + 1), '!'));
        let Some(TokenTree::Group(group)) = trees.get(at + 1 + bang) else {
            return;
        };
        let Some(TokenTree::Ident(name)) = group.stream().into_iter().next() else {
            return;
        };
        if group.delimiter() == Delimiter::Bracket {
            self.facts.attributes.push(AttributeUse {
                name: plain(&name),
                has_reason: names_a_reason(group.stream()),
                in_macro: true,
                line: name.span().start().line,
            });
        }
    }

    /// Reads the path that starts at an identifier and returns the index of its last token.
    fn scan_ident(&mut self, trees: &[TokenTree], at: usize, ident: &Ident) -> usize {
        if ident == "async" || ident == "await" {
            self.async_use(ident.span().start().line);
        }
        let rooted = is_rooted(trees, at);
        if !rooted && is_not_a_start(trees, at, ident) {
            return end_of_path(trees, at);
        }
        let mut path = RawPath {
            segments: vec![plain(ident)],
            rooted,
        };
        let mut last = at;
        while is_double_colon(trees, last + 1) {
            match trees.get(last + 3) {
                Some(TokenTree::Ident(next)) => path.segments.push(plain(next)),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                    self.path(
                        path,
                        star.span().start().line,
                        Manner {
                            glob: true,
                            reexport: false,
                        },
                    );
                    return last + 3;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.scan_use_group(group, &path);
                    return last + 3;
                }
                _ => break,
            }
            last += 3;
        }
        if path.segments.len() > 1 || path.rooted {
            self.path(path, ident.span().start().line, Manner::default());
        }
        last
    }

    /// `use crate::{a::b, c}` in a macro's tokens: the group's paths continue the prefix.
    fn scan_use_group(&mut self, group: &Group, prefix: &RawPath) {
        let tokens = TokenStream::from(TokenTree::Group(group.clone()));
        match syn::parse2::<syn::UseTree>(tokens) {
            Ok(tree) => self.use_tree(&tree, prefix, false),
            Err(_) => self.scan(group.stream(), Origin::Macro),
        }
    }
}

/// The tokens of a macro call in reading order.
pub fn words(tokens: TokenStream) -> Vec<Word> {
    let mut words = Vec::new();
    flatten(tokens, &mut words);
    words
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    for tree in tokens {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(Word {
                    text: open.to_owned(),
                    line,
                });
                flatten(group.stream(), words);
                words.push(Word {
                    text: close.to_owned(),
                    line: group.span_close().start().line,
                });
            }
            other => words.push(Word {
                text: other.to_string(),
                line,
            }),
        }
    }
}

pub fn names_a_reason(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == "reason",
        TokenTree::Group(group) => names_a_reason(group.stream()),
        _ => false,
    })
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_double_colon(trees: &[TokenTree], at: usize) -> bool {
    let first_is_joint =
        matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    first_is_joint && is_punct(trees.get(at + 1), ':')
}

/// `$name::a`, `value.method::<T>()`, `<T as Trait>::NAME`: the rest of something that is no path by itself.
fn is_not_a_start(trees: &[TokenTree], at: usize, ident: &Ident) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|i| trees.get(i));
    let is_metavariable = ident != "crate" && is_punct(before(1), '$');
    let follows_a_dot = is_punct(before(1), '.') && !is_punct(before(2), '.');
    let continues = at.checked_sub(2).is_some_and(|colons| is_double_colon(trees, colons));
    is_metavariable || follows_a_dot || continues
}

/// The index of the last token of `a::b::c`.
fn end_of_path(trees: &[TokenTree], start: usize) -> usize {
    let mut last = start;
    while is_double_colon(trees, last + 1) && matches!(trees.get(last + 3), Some(TokenTree::Ident(_))) {
        last += 3;
    }
    last
}

/// A leading `::`, as opposed to the one in `Vec::<u8>::new` or `<T as Trait>::NAME`.
fn is_rooted(trees: &[TokenTree], at: usize) -> bool {
    let Some(colons) = at.checked_sub(2) else { return false };
    if !is_double_colon(trees, colons) {
        return false;
    }
    let before = |back: usize| colons.checked_sub(back).and_then(|i| trees.get(i));
    let after_an_arrow = is_punct(before(2), '-') || is_punct(before(2), '=');
    match before(1) {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() != '>' || after_an_arrow,
        Some(TokenTree::Ident(ident)) => ["use", "dyn", "impl", "for", "as", "in", "return"]
            .iter()
            .any(|k| ident == k),
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}
