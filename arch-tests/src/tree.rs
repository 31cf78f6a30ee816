//! The files the rules look at, read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use walkdir::WalkDir;

use crate::declared::SHARED;
use crate::names::Names;
use crate::place::{MAIN_MODULE, Place};
use crate::source::{Facts, PathUse, gather};

/// The folders with code or SQL that is ours. Fixtures are not among them: they are broken on purpose.
const FOLDERS: &[&str] = &["src", "tests", "migrations", "arch-tests/src", "arch-tests/tests"];

#[derive(Debug)]
pub struct Source {
    /// From the package's root, with forward slashes.
    pub file: String,
    /// Below the crate's root; only files under `src/` have one that means something.
    pub module: Vec<String>,
    pub place: Place,
    pub lines: usize,
    pub generated: bool,
    pub facts: Facts,
    /// Where and why the file does not parse.
    pub broken: Option<(usize, String)>,
    /// The whole file is under `cfg(test)`, because its parent declares it so.
    pub in_test: bool,
}

impl Source {
    pub fn is_of_the_package(&self) -> bool {
        self.file.starts_with("src/")
    }

    /// The paths named by code that ships.
    pub fn shipped_paths(&self) -> impl Iterator<Item = &PathUse> {
        self.facts.paths.iter().filter(|path| !self.in_test && !path.in_test)
    }
}

#[derive(Debug, Default)]
pub struct Tree {
    pub sources: Vec<Source>,
    /// SQL files by path.
    pub sql: BTreeMap<String, String>,
    /// The bounded contexts: the directories of `src/domains` except `shared`.
    pub contexts: BTreeSet<String>,
}

impl Tree {
    pub fn load(root: &Path) -> io::Result<Self> {
        Self::load_layers(&[root])
    }

    /// Reads several roots as one tree; a file of a later root stands over the same file of an earlier one.
    pub fn load_layers(roots: &[&Path]) -> io::Result<Self> {
        let mut texts = BTreeMap::new();
        for root in roots {
            for folder in FOLDERS {
                read_folder(root, &root.join(folder), &mut texts)?;
            }
        }
        Ok(Self::of(texts))
    }

    /// The files of the package itself.
    pub fn package(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.is_of_the_package())
    }

    pub fn module_file(&self, module: &[&str]) -> Option<&Source> {
        self.package().find(|source| source.module == module)
    }

    fn of(texts: BTreeMap<String, String>) -> Self {
        let contexts = contexts(&texts);
        let (sql, rust): (BTreeMap<_, _>, BTreeMap<_, _>) =
            texts.into_iter().partition(|(file, _)| has_extension(file, "sql"));
        let mut sources: Vec<Source> = rust.iter().map(|(file, text)| source(file, text, &contexts)).collect();
        mark_test_files(&mut sources);
        resolve(&mut sources);
        Self { sources, sql, contexts }
    }
}

fn read_folder(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let entries = WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target");
    for entry in entries {
        let entry = entry.map_err(io::Error::from)?;
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let file = relative.to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && (has_extension(&file, "rs") || has_extension(&file, "sql")) {
            texts.insert(file, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

fn has_extension(file: &str, wanted: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == wanted)
}

fn contexts(texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let below = texts
        .keys()
        .filter_map(|file| file.strip_prefix("src/domains/")?.split_once('/'));
    below
        .map(|(room, _)| room.to_owned())
        .filter(|room| room != SHARED)
        .collect()
}

fn source(file: &str, text: &str, contexts: &BTreeSet<String>) -> Source {
    let module = module_of(file);
    let (facts, broken) = match syn::parse_file(text) {
        Ok(parsed) => (gather(&parsed, &module), None),
        Err(error) => (Facts::default(), Some((error.span().start().line, error.to_string()))),
    };
    Source {
        file: file.to_owned(),
        place: Place::of(&module, contexts),
        module,
        lines: text.lines().count(),
        generated: text.lines().take(5).any(|line| line.contains("@generated")),
        facts,
        broken,
        in_test: false,
    }
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are both `a::b`.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_prefix("src/").unwrap_or(file).trim_end_matches(".rs");
    let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if file == "src/main.rs" {
        return vec![MAIN_MODULE.to_owned()];
    }
    if file == "src/lib.rs" || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn mark_test_files(sources: &mut [Source]) {
    let test_modules: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|source| &source.facts.modules)
        .filter(|declaration| declaration.in_test)
        .map(|declaration| declaration.path.clone())
        .collect();
    for source in sources {
        source.in_test = test_modules.iter().any(|test| source.module.starts_with(test));
    }
}

fn resolve(sources: &mut [Source]) {
    let mut names = Names::default();
    for source in sources.iter().filter(|source| source.is_of_the_package()) {
        names.absorb(source.facts.scopes.clone());
    }
    for path in sources.iter().flat_map(|source| &source.facts.exported_macros) {
        names.export_macro(path);
    }
    for source in sources.iter_mut().filter(|source| source.is_of_the_package()) {
        for path in &mut source.facts.paths {
            path.target = names.written(&path.module, &path.raw);
            path.canonical = names.meant(&path.target);
        }
    }
}
