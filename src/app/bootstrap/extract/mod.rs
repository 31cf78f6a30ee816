//! `banyan extract scaffold`: a context as a crate of its own, made of this version's source. No line of it is rewritten:
//! whole files are copied, those that the context needs and no others; `mod` lines of files that stay behind go; and
//! [`texts`] has the few files that are the crate's own.

mod manifest;
mod names;
pub mod sources;
mod texts;
mod tokens;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path as FilePath, PathBuf};

use self::names::Path;
use self::sources::{NoSources, Sources};
use self::tree::{Tree, without_missing_modules};
use super::contexts;
use super::databases::CONTEXTS;
use super::rooms::Blueprint;
use crate::ports::shared::operation::OperationInfo;

/// The file that names the contexts of a program.
const CONTEXTS_FILE: &str = "src/app/bootstrap/contexts.rs";
/// The program, which begins at its command line.
const PROGRAM_FILE: &str = "src/main.rs";
/// The rings that have a room for each context.
const RINGS: [&str; 4] = ["domains", "ports", "app", "adapters"];
/// Copied as they are.
const ALIKE: [&str; 5] = [
    "Cargo.lock",
    "rustfmt.toml",
    "clippy.toml",
    ".dockerignore",
    "tests/it/main.rs",
];

/// Why there is no crate.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// There is no such context.
    #[error("there is no context {name:?}; give one of {}", CONTEXTS.join(", "))]
    UnknownContext {
        /// What was named.
        name: String,
    },
    /// Something is there already, and might be lost.
    #[error("{path} is not empty")]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
    /// The source of this version is not there.
    #[error(transparent)]
    NoSources(#[from] NoSources),
    /// The context knows more of another one than its published language.
    #[error("{context} cannot be lifted out: it needs {file}, which belongs to {other}")]
    NotApart {
        /// Which context.
        context: &'static str,
        /// What it needs.
        file: String,
        /// Whose that is.
        other: &'static str,
    },
    /// It cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A crate of one context.
#[derive(Debug)]
pub struct Crate {
    /// The context.
    pub context: &'static str,
    /// Its files, by their paths.
    pub files: BTreeMap<String, String>,
    /// The tests that stay behind, each with the first thing that it needs and the crate does not have.
    pub tests_left_out: BTreeMap<String, String>,
}

/// The crate of the context of this name.
///
/// # Errors
/// [`ExtractError`], but for [`ExtractError::NotEmpty`] and [`ExtractError::Write`].
pub fn scaffold(name: &str) -> Result<Crate, ExtractError> {
    let unknown = || ExtractError::UnknownContext { name: name.to_owned() };
    let blueprint = contexts::ALL
        .iter()
        .find(|context| context.name == name)
        .ok_or_else(unknown)?;
    let ours = Sources::of_this_version()?;
    Scaffold::of(blueprint, &ours)
}

impl Crate {
    /// Writes it to a folder that is empty or not there yet.
    ///
    /// # Errors
    /// [`ExtractError::NotEmpty`], [`ExtractError::Write`].
    pub fn write_to(&self, folder: &FilePath) -> Result<(), ExtractError> {
        if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(ExtractError::NotEmpty {
                path: folder.to_owned(),
            });
        }
        for (file, text) in &self.files {
            let path = folder.join(file);
            let written = path
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| std::fs::write(&path, text));
            written.map_err(|source| ExtractError::Write { path, source })?;
        }
        Ok(())
    }
}

/// A crate that is being put together.
struct Scaffold<'a> {
    blueprint: &'a Blueprint,
    sources: Sources,
    library: Tree,
    /// The modules of the library that go along.
    kept: BTreeSet<Path>,
}

impl<'a> Scaffold<'a> {
    fn of(blueprint: &'a Blueprint, ours: &Sources) -> Result<Crate, ExtractError> {
        let mut sources = ours.clone();
        sources.0.insert(CONTEXTS_FILE.to_owned(), texts::contexts(blueprint));
        sources.0.insert(PROGRAM_FILE.to_owned(), texts::PROGRAM.to_owned());
        // The shop's own two files name modules that nobody in the crate does: those stay behind.
        let mut named_outside = names::names(ours.get(PROGRAM_FILE), &[], |_module| false).library;
        let contexts_module = ["app", "bootstrap", "contexts"].map(str::to_owned);
        named_outside.extend(names::names(ours.get(CONTEXTS_FILE), &contexts_module, |_module| false).own);
        let library = Tree::read(&sources, "src", "lib.rs", named_outside);
        let program = names::names(texts::PROGRAM, &[], |_module| false);
        let own_rooms = RINGS.map(|ring| vec![ring.to_owned(), blueprint.name.to_owned()]);
        let in_own_rooms = |path: &Path| own_rooms.iter().any(|room| path.starts_with(room));
        let mut roots: BTreeSet<Path> = library.modules().map(|(path, _module)| path.clone()).collect();
        roots.retain(in_own_rooms);
        roots.extend(program.library.iter().map(|path| library.module_with(path)));
        let kept = library.needed(&roots, |path| other_context_of(path, blueprint.name).is_some());
        let scaffold = Self {
            blueprint,
            sources,
            library,
            kept,
        };
        scaffold.check_that_it_is_apart()?;
        Ok(scaffold.into_crate(ours))
    }

    /// Of other contexts, only what they publish, and only of those that it calls or hears.
    fn check_that_it_is_apart(&self) -> Result<(), ExtractError> {
        let called: BTreeSet<&str> = self.blueprint.calls.iter().map(OperationInfo::context).collect();
        let heard: BTreeSet<&str> = self
            .blueprint
            .consumers
            .iter()
            .map(|consumer| consumer.listens_to)
            .collect();
        for path in &self.kept {
            let Some(other) = other_context_of(path, self.blueprint.name) else {
                continue;
            };
            let within: Vec<&str> = path.iter().map(String::as_str).collect();
            let is_published = match within.as_slice() {
                ["ports", _] => true,
                ["ports", _, "operations", ..] => called.contains(other),
                ["ports", _, "events"] => called.contains(other) || heard.contains(other),
                _ => false,
            };
            if !is_published {
                return Err(ExtractError::NotApart {
                    context: self.blueprint.name,
                    file: self
                        .library
                        .module(path)
                        .map_or_else(String::new, |module| module.file.clone()),
                    other,
                });
            }
        }
        Ok(())
    }

    fn into_crate(self, ours: &Sources) -> Crate {
        let name = self.blueprint.name;
        let mut files = BTreeMap::new();
        let mut named = names::names(texts::PROGRAM, &[], |_module| false).firsts;
        copy_modules(&self.sources, &self.library, &self.kept, &mut files, &mut named);

        let tests = Tree::read(&self.sources, "tests/it", "main.rs", BTreeSet::new());
        let tests_left_out = self.tests_left_out(&tests);
        let own = vec![name.to_owned()];
        let left_out = |path: &[String]| {
            tests
                .module(path)
                .is_some_and(|module| tests_left_out.contains_key(&module.file))
        };
        let roots = tests.modules().map(|(path, _module)| path);
        let roots: BTreeSet<Path> = roots
            .filter(|path| path.starts_with(&own) && !left_out(path))
            .cloned()
            .collect();
        let needed = tests.needed(&roots, |path| !path.starts_with(&own) || left_out(path));
        copy_modules(&self.sources, &tests, &needed, &mut files, &mut named);

        let migrations = format!("migrations/{name}");
        let folders = ["migrations/shared", &migrations, "tests/servers"];
        let whole = folders.iter().flat_map(|folder| ours.under(folder));
        for file in whole.filter(|file| !file.contains("rabbitmq")).chain(ALIKE) {
            files
                .entry(file.to_owned())
                .or_insert_with(|| ours.get(file).to_owned());
        }
        files.insert(PROGRAM_FILE.to_owned(), texts::PROGRAM.to_owned());
        let manifest = manifest::manifest(ours.get("Cargo.toml"), ours.get("Cargo.lock"), name, &named);
        files.insert("Cargo.toml".to_owned(), manifest);
        files.insert("Dockerfile".to_owned(), texts::dockerfile(ours.get("Dockerfile"), name));
        files.insert("README.md".to_owned(), texts::readme(self.blueprint, &tests_left_out));
        Crate {
            context: name,
            files,
            tests_left_out,
        }
    }

    /// The context's tests that need what the crate does not have.
    fn tests_left_out(&self, tests: &Tree) -> BTreeMap<String, String> {
        let own = vec![self.blueprint.name.to_owned()];
        let own_tests = tests.modules().filter(|(path, _module)| path.starts_with(&own));
        own_tests
            .filter_map(|(path, module)| {
                // Those beside it are judged by themselves.
                let needs = tests.needed(&BTreeSet::from([path.clone()]), |_unnamed| true);
                let missing = needs
                    .iter()
                    .find_map(|need| self.missing_for(&tests.module(need)?.names))?;
                Some((module.file.clone(), missing))
            })
            .collect()
    }

    fn missing_for(&self, names: &names::Names) -> Option<String> {
        if let Some(program) = names.texts.iter().find(|text| text.starts_with("CARGO_BIN_EXE_")) {
            return Some(format!("the program of the whole shop ({program})"));
        }
        let contexts = self
            .library
            .module_with(&["app", "bootstrap", "contexts"].map(str::to_owned));
        names.library.iter().find_map(|path| {
            let module = self.library.module_with(path);
            let is_there = self.kept.contains(&module) && module != contexts;
            let missing = if module == contexts {
                "the contexts of the whole shop".to_owned()
            } else {
                format!("`{}`", module.join("::"))
            };
            (!is_there).then_some(missing)
        })
    }
}

/// Copies modules, each without the `mod` lines of those that stay behind, and notes what crates they may name.
fn copy_modules(
    sources: &Sources,
    tree: &Tree,
    kept: &BTreeSet<Path>,
    files: &mut BTreeMap<String, String>,
    named: &mut BTreeSet<String>,
) {
    for path in kept {
        let Some(module) = tree.module(path) else { continue };
        let is_there = |child: &str| kept.contains(&[path.as_slice(), &[child.to_owned()]].concat());
        let text = without_missing_modules(sources.get(&module.file), is_there);
        let folder = module.file.rsplit_once('/').map_or("", |(folder, _name)| folder);
        for included in &module.names.included {
            let file = format!("{folder}/{included}");
            files.insert(file.clone(), sources.get(&file).to_owned());
        }
        // What its unit tests compare with is named after the module, and lies beside it.
        let (snapshots, of_module) = (format!("{folder}/snapshots"), format!("__{}__", path.join("__")));
        for file in sources.under(&snapshots).filter(|file| file.contains(&of_module)) {
            files.insert(file.to_owned(), sources.get(file).to_owned());
        }
        named.extend(module.names.firsts.iter().cloned());
        files.insert(module.file.clone(), text);
    }
}

/// The other context in whose room a module is.
fn other_context_of(path: &[String], context: &str) -> Option<&'static str> {
    let [ring, room, ..] = path else { return None };
    if !RINGS.contains(&ring.as_str()) {
        return None;
    }
    CONTEXTS.into_iter().find(|other| other == room && *other != context)
}
