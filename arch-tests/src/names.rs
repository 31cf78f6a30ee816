//! What a path means: `self`, `super`, `crate`, `banyan`, aliases, globs and re-exports, followed to their end.

use std::collections::BTreeMap;

use crate::declared::PACKAGE;
use crate::source::{RawPath, Scope, Target};

/// A chain of aliases longer than this is a cycle or a joke; either way following it further tells nothing.
const HOPS_MAX: usize = 8;

/// Lower-case first segments that are types of the language, not crates.
const PRIMITIVES: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

/// Every module of the tree with the names it declares and imports.
#[derive(Debug, Default)]
pub struct Names {
    scopes: BTreeMap<Vec<String>, Scope>,
}

impl Names {
    pub fn absorb(&mut self, scopes: BTreeMap<Vec<String>, Scope>) {
        for (module, scope) in scopes {
            // A file is a module also where nobody has written its `mod` line yet.
            if let Some((name, parent)) = module.split_last() {
                self.scopes
                    .entry(parent.to_vec())
                    .or_default()
                    .modules
                    .insert(name.clone());
            }
            self.scopes.entry(module).or_default().absorb(scope);
        }
    }

    /// `#[macro_export]` puts a macro at the crate's root; for the rules it stays where it is written.
    pub fn export_macro(&mut self, path: &[String]) {
        if let Some(name) = path.last() {
            let mut segments = vec!["crate".to_owned()];
            segments.extend_from_slice(path);
            let root = self.scopes.entry(Vec::new()).or_default();
            root.aliases.insert(
                name.clone(),
                RawPath {
                    segments,
                    rooted: false,
                },
            );
        }
    }

    /// What is written: the first segment resolved in its module, the rest as it stands.
    pub fn written(&self, module: &[String], raw: &RawPath) -> Target {
        self.first_hop(module, raw, HOPS_MAX)
    }

    /// What is meant: re-exports and globs on the way followed too.
    pub fn meant(&self, target: &Target) -> Target {
        self.follow(target.clone(), HOPS_MAX)
    }

    fn first_hop(&self, module: &[String], raw: &RawPath, hops: usize) -> Target {
        let Some((first, rest)) = raw.segments.split_first() else {
            return Target::Crate(module.to_vec());
        };
        if hops == 0 {
            return Target::Unknown(raw.segments.clone());
        }
        if raw.rooted {
            return if first == PACKAGE {
                Target::Crate(rest.to_vec())
            } else {
                Target::External(raw.segments.clone())
            };
        }
        match first.as_str() {
            "crate" => Target::Crate(rest.to_vec()),
            "self" | "super" => Target::Crate(relative(module, &raw.segments)),
            name => match self.lookup(module, name, hops - 1) {
                Some(found) => extended(found, rest),
                None if name == PACKAGE => Target::Crate(rest.to_vec()),
                None if looks_like_a_crate(name) => Target::External(raw.segments.clone()),
                None => Target::Unknown(raw.segments.clone()),
            },
        }
    }

    /// What `name` means inside `module`, if the module says so.
    ///
    /// An alias may begin with its own name: `pub use uuid;` means the crate, `pub(crate) use operation;` the macro above.
    fn lookup(&self, module: &[String], name: &str, hops: usize) -> Option<Target> {
        let scope = self.scopes.get(module)?;
        if scope.modules.contains(name) {
            return Some(Target::Crate(child(module, name)));
        }
        if let Some(alias) = scope.aliases.get(name) {
            let names_itself = !alias.rooted && alias.segments.first().is_some_and(|first| first == name);
            return match names_itself {
                true if scope.items.contains(name) => Some(Target::Crate(child(module, name))),
                true => Some(Target::External(alias.segments.clone())),
                false => Some(self.first_hop(module, alias, hops)),
            };
        }
        if scope.items.contains(name) {
            return Some(Target::Crate(child(module, name)));
        }
        if hops == 0 {
            return None;
        }
        scope.globs.iter().find_map(
            |glob| match self.follow(self.first_hop(module, glob, hops - 1), hops - 1) {
                Target::Crate(source) if source != module => self.lookup(&source, name, hops - 1),
                _ => None,
            },
        )
    }

    fn follow(&self, target: Target, hops: usize) -> Target {
        let Target::Crate(path) = &target else { return target };
        if hops == 0 {
            return target;
        }
        for (depth, name) in path.iter().enumerate() {
            let (module, rest) = (
                path.get(..depth).unwrap_or_default(),
                path.get(depth + 1..).unwrap_or_default(),
            );
            let Some(scope) = self.scopes.get(module) else {
                return target;
            };
            if scope.modules.contains(name) {
                continue;
            }
            let Some(found) = self.lookup(module, name, hops - 1) else {
                return target;
            };
            let next = extended(found, rest);
            return if next == target {
                target
            } else {
                self.follow(next, hops - 1)
            };
        }
        target
    }
}

/// `self::a`, `super::super::a`: below the module or above it.
fn relative(module: &[String], segments: &[String]) -> Vec<String> {
    let mut base = module.to_vec();
    let mut rest = segments;
    while let Some((first, tail)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest = tail;
    }
    base.extend_from_slice(rest);
    base
}

fn child(module: &[String], name: &str) -> Vec<String> {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

fn extended(target: Target, rest: &[String]) -> Target {
    let longer = |mut segments: Vec<String>| {
        segments.extend_from_slice(rest);
        segments
    };
    match target {
        Target::Crate(segments) => Target::Crate(longer(segments)),
        Target::External(segments) => Target::External(longer(segments)),
        Target::Unknown(segments) => Target::Unknown(longer(segments)),
    }
}

fn looks_like_a_crate(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase()) && !PRIMITIVES.contains(&name)
}
