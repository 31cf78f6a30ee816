//! One Rust file as plain facts: what it names, declares, calls and says, each with its line.
//!
//! The facts hold no syntax tree, so a rule reads like its sentence and never walks an AST of its own.

mod gather;
mod pieces;
mod tokens;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

pub use gather::gather;

/// A path as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPath {
    pub segments: Vec<String>,
    /// Written with a leading `::`, hence the name of a crate.
    pub rooted: bool,
}

/// What a path turns out to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A path below the crate's root.
    Crate(Vec<String>),
    /// A path whose first segment is another crate.
    External(Vec<String>),
    /// A generic parameter, a prelude name, a macro's own name: nothing the rules speak about.
    Unknown(Vec<String>),
}

impl Target {
    pub fn segments(&self) -> &[String] {
        match self {
            Self::Crate(segments) | Self::External(segments) | Self::Unknown(segments) => segments,
        }
    }

    pub fn spoken(&self) -> String {
        let path = self.segments().join("::");
        match self {
            Self::Crate(_) if path.is_empty() => "crate".to_owned(),
            Self::Crate(_) => format!("crate::{path}"),
            Self::External(_) | Self::Unknown(_) => path,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// `use a::*`
    pub glob: bool,
    /// Any `use` with a visibility.
    pub reexport: bool,
}

/// One naming of a path, in a `use` or in the middle of code.
#[derive(Clone, Debug)]
pub struct PathUse {
    pub raw: RawPath,
    /// The module it is written in, inline modules included.
    pub module: Vec<String>,
    pub line: usize,
    pub manner: Manner,
    /// In code that exists under `cfg(test)` only.
    pub in_test: bool,
    /// What is written, aliases of this module followed.
    pub target: Target,
    /// What is meant, re-exports of other modules followed too.
    pub canonical: Target,
}

impl PathUse {
    /// The other crate this path leads to, directly or through a re-export.
    pub fn external_crate(&self) -> Option<&str> {
        [&self.target, &self.canonical]
            .into_iter()
            .find_map(|target| match target {
                Target::External(segments) => segments.first().map(String::as_str),
                Target::Crate(_) | Target::Unknown(_) => None,
            })
    }
}

#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    pub first_line: usize,
    pub last_line: usize,
}

#[derive(Clone, Debug)]
pub struct AttributeUse {
    pub name: String,
    pub has_reason: bool,
    /// In the tokens of a macro, where `expect` cannot always stand in for `allow`.
    pub in_macro: bool,
    pub line: usize,
}

#[derive(Clone, Debug)]
pub struct Literal {
    pub text: String,
    pub line: usize,
}

/// `impl Trait<Argument> for Type`
#[derive(Clone, Debug)]
pub struct TraitImpl {
    pub trait_name: String,
    pub argument: Option<String>,
    pub type_name: String,
    pub line: usize,
}

#[derive(Clone, Debug)]
pub struct ModuleDeclaration {
    pub path: Vec<String>,
    pub in_test: bool,
    /// `#[path = ".."]`
    pub moved: bool,
    pub line: usize,
}

/// One token of a macro call; groups appear as their delimiters.
#[derive(Clone, Debug)]
pub struct Word {
    pub text: String,
    pub line: usize,
}

#[derive(Clone, Debug)]
pub struct MacroCall {
    pub name: Vec<String>,
    pub words: Vec<Word>,
    pub line: usize,
}

/// `async` or `.await`
#[derive(Clone, Debug)]
pub struct AsyncUse {
    pub line: usize,
    pub in_test: bool,
}

/// What a module's own names mean.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub aliases: BTreeMap<String, RawPath>,
    pub globs: Vec<RawPath>,
    pub modules: BTreeSet<String>,
    pub items: BTreeSet<String>,
}

impl Scope {
    /// Two files can share a module only by mistake, but the resolver must not depend on that.
    pub fn absorb(&mut self, other: Scope) {
        self.aliases.extend(other.aliases);
        self.globs.extend(other.globs);
        self.modules.extend(other.modules);
        self.items.extend(other.items);
    }
}

#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub paths: Vec<PathUse>,
    pub functions: Vec<Function>,
    pub attributes: Vec<AttributeUse>,
    pub literals: Vec<Literal>,
    pub impls: Vec<TraitImpl>,
    pub modules: Vec<ModuleDeclaration>,
    pub macros: Vec<MacroCall>,
    pub asyncs: Vec<AsyncUse>,
    pub scopes: BTreeMap<Vec<String>, Scope>,
    /// `#[macro_export]`: such macros live at the crate's root whatever their file.
    pub exported_macros: Vec<Vec<String>>,
}
