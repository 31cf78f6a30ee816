//! A tree of modules on disk, and what its files need of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Names, Path, names};
use super::sources::Sources;

/// The modules of a library or of an integration test.
pub(super) struct Tree {
    modules: BTreeMap<Path, Module>,
    named_outside: BTreeSet<Path>,
}

/// A module that has a file.
pub(super) struct Module {
    /// The file.
    pub file: String,
    /// What it names.
    pub names: Names,
}

impl Tree {
    /// The tree of the file `root`, with everything in the folder around it; its program names these of its modules.
    pub(super) fn read(sources: &Sources, folder: &str, root: &str, named_outside: BTreeSet<Path>) -> Self {
        let files: BTreeMap<Path, &str> = sources
            .under(folder)
            .filter_map(|file| Some((module_of(file.strip_prefix(folder)?, root)?, file)))
            .collect();
        let modules = files.iter().map(|(path, file)| {
            let names = names(sources.get(file), path, |module| files.contains_key(module));
            let file = (*file).to_owned();
            (path.clone(), Module { file, names })
        });
        Self {
            modules: modules.collect(),
            named_outside,
        }
    }

    /// All modules.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&Path, &Module)> {
        self.modules.iter()
    }

    /// A module that there is.
    pub(super) fn module(&self, path: &[String]) -> Option<&Module> {
        self.modules.get(path)
    }

    /// The module in which a path ends, that of the longest part of it that is one.
    pub(super) fn module_with(&self, path: &[String]) -> Path {
        let mut path = path.to_vec();
        while !path.is_empty() && !self.modules.contains_key(&path) {
            path.pop();
        }
        path
    }

    /// What these modules need: themselves, what they name and what that names, with the modules around it. And what is
    /// named by nobody anywhere (it implements traits, or tests), where the module around it is needed: unless `foreign`.
    pub(super) fn needed(&self, roots: &BTreeSet<Path>, foreign: impl Fn(&[String]) -> bool) -> BTreeSet<Path> {
        let unnamed = self.unnamed();
        let mut needed = BTreeSet::new();
        let mut open: Vec<Path> = roots.iter().cloned().collect();
        while let Some(path) = open.pop() {
            let Some(module) = self.modules.get(&path) else {
                continue;
            };
            if !needed.insert(path.clone()) {
                continue;
            }
            open.extend(module.names.own.iter().map(|named| self.module_with(named)));
            if let Some((_name, around)) = path.split_last() {
                open.push(around.to_vec());
            }
            let within = unnamed.iter().filter(|module| is_in(module, &path));
            open.extend(within.filter(|module| !foreign(module)).cloned());
        }
        needed
    }

    /// Modules that no other one names.
    fn unnamed(&self) -> BTreeSet<Path> {
        let mut unnamed: BTreeSet<Path> = self.modules.keys().cloned().collect();
        for named in &self.named_outside {
            unnamed.remove(&self.module_with(named));
        }
        for (path, module) in &self.modules {
            for named in &module.names.own {
                let named = self.module_with(named);
                if named != *path {
                    unnamed.remove(&named);
                }
            }
        }
        unnamed
    }
}

/// Whether a module is one of those in another one, and not in one of these.
fn is_in(module: &[String], around: &[String]) -> bool {
    module.split_last().is_some_and(|(_name, parent)| parent == around)
}

/// From `/app/orders/mod.rs` to `app::orders`.
fn module_of(file: &str, root: &str) -> Option<Path> {
    let file = file.strip_prefix('/')?;
    if file == root {
        return Some(Vec::new());
    }
    // The program beside the library is a tree of its own.
    let path = file
        .strip_suffix(".rs")
        .filter(|path| *path != "main" && *path != "lib")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(path.split('/').map(str::to_owned).collect())
}

/// A file without the `mod` lines of modules that are not there, each with what stands directly above it.
pub(super) fn without_missing_modules(source: &str, is_there: impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in source.lines() {
        if declared(line).is_some_and(|name| !is_there(name)) {
            while kept.last().is_some_and(|above| belongs_to_what_follows(above)) {
                kept.pop();
            }
            continue;
        }
        let is_second_gap = line.is_empty() && kept.last().is_none_or(|above| above.is_empty());
        if !is_second_gap {
            kept.push(line);
        }
    }
    while kept.last().is_some_and(|line| line.is_empty()) {
        kept.pop();
    }
    kept.iter().flat_map(|line| [line, "\n"]).collect()
}

fn belongs_to_what_follows(line: &str) -> bool {
    line.starts_with("#[") || line.starts_with("///")
}

/// The module that a line declares whose body is another file.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let (visibility, name) = line.split_once("mod ")?;
    let visible = visibility.trim_end();
    let is_visibility = visible.is_empty() || visible == "pub" || visible.starts_with("pub(") && visible.ends_with(')');
    let is_name = name
        .chars()
        .all(|character| character.is_alphanumeric() || character == '_');
    (is_visibility && is_name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::")
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn what_is_named_is_needed_and_so_is_what_nobody_names() {
        let files = [
            ("src/lib.rs", "pub mod a; pub mod b;"),
            ("src/a/mod.rs", "pub mod named; mod unnamed; pub mod unneeded;"),
            ("src/a/named.rs", "use crate::b::Thing;"),
            ("src/a/unnamed.rs", "impl X for super::named::Y {}"),
            ("src/a/unneeded.rs", ""),
            ("src/b.rs", "fn f() { crate::a::named::g(); super::a::unneeded::h() }"),
            ("src/c.rs", "use crate::a::unneeded::h;"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let sources = Sources(BTreeMap::from(files));
        let tree = Tree::read(&sources, "src", "lib.rs", BTreeSet::new());
        let needed = tree.needed(&BTreeSet::from([path("a::unneeded")]), |module| module == path("c"));
        assert_eq!(
            needed,
            ["", "a", "a::unneeded", "a::unnamed", "a::named", "b"].map(path).into()
        );
        let needed = tree.needed(&BTreeSet::from([path("a::named")]), |_module| true);
        assert_eq!(needed, ["", "a", "a::named", "b", "a::unneeded"].map(path).into());
    }

    #[test]
    fn a_module_that_is_not_there_is_not_declared() {
        let source = "//! Rooms.\n\npub mod a;\npub(super) mod b;\n\n#[cfg(test)]\nmod c;\n\nmod d {\n}\n";
        assert_eq!(
            without_missing_modules(source, |name| name == "a"),
            "//! Rooms.\n\npub mod a;\n\nmod d {\n}\n"
        );
        assert_eq!(without_missing_modules(source, |_name| true), source);
    }
}
