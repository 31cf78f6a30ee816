//! Which modules and crates a file of source names.

use std::collections::BTreeSet;

use super::tokens::{Token, tokens};

/// A path of names.
pub(super) type Path = Vec<String>;

/// The library, as its tests and its program name it.
const LIBRARY: &str = "banyan";

/// What a file names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Paths in the file's own tree, from its root.
    pub own: BTreeSet<Path>,
    /// Paths in the library, from its root, where the file is not part of it.
    pub library: BTreeSet<Path>,
    /// What else paths begin with: crates, and much that is none.
    pub firsts: BTreeSet<String>,
    /// Files that become part of it, beside it on disk.
    pub included: BTreeSet<String>,
    /// All of its texts.
    pub texts: BTreeSet<String>,
}

/// What the file of `module` names; `is_module` tells the modules of its tree.
pub(super) fn names(source: &str, module: &[String], is_module: impl Fn(&[String]) -> bool) -> Names {
    let mut reader = Reader {
        tokens: tokens(source),
        at: 0,
        module,
        open: Vec::new(),
        braces: 0,
        imported: Vec::new(),
        is_module,
        names: Names::default(),
    };
    // Imports first: they may stand behind what they are used for.
    reader.read(true);
    reader.read(false);
    reader.names
}

/// Where a path leads.
#[derive(Debug, Clone)]
enum Place {
    Own(Path),
    Library(Path),
    Other(String),
}

struct Reader<'t, F> {
    tokens: Vec<Token<'t>>,
    at: usize,
    /// The module of the file.
    module: &'t [String],
    /// Those within it that are open, each with the braces around it.
    open: Vec<(String, usize)>,
    braces: usize,
    /// What was imported, by the name that it has here. Of the whole file: a name in one place may mean something else in
    /// another, and then it means both.
    imported: Vec<(String, Place)>,
    is_module: F,
    names: Names,
}

impl<'t, F: Fn(&[String]) -> bool> Reader<'t, F> {
    fn read(&mut self, imports: bool) {
        self.at = 0;
        while let Some(token) = self.next() {
            match token {
                Token::Mark('{') => self.braces += 1,
                Token::Mark('}') => self.close(),
                Token::Mark(_) => {}
                Token::Text(text) => {
                    self.names.texts.insert(text.to_owned());
                }
                Token::Word("mod") => self.open(),
                Token::Word("use") => {
                    for (path, name) in self.tree(&[]) {
                        if imports {
                            self.import(&path, &name);
                        }
                    }
                }
                Token::Word("include_str" | "include_bytes") => {
                    if let Some(Token::Text(file)) = self.tokens.get(self.at + 2) {
                        self.names.included.insert((*file).to_owned());
                    }
                }
                Token::Word(first) => {
                    let path = self.path(first);
                    if !imports && path.len() > 1 {
                        self.meet(&path);
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Option<Token<'t>> {
        let token = self.tokens.get(self.at).copied();
        self.at += 1;
        token
    }

    fn peek(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn passes(&mut self, mark: char) -> bool {
        let is_next = self.peek(0) == Some(Token::Mark(mark));
        if is_next {
            self.at += 1;
        }
        is_next
    }

    fn passes_colons(&mut self) -> bool {
        let are_next = self.peek(0) == Some(Token::Mark(':')) && self.peek(1) == Some(Token::Mark(':'));
        if are_next {
            self.at += 2;
        }
        are_next
    }

    fn open(&mut self) {
        if let (Some(Token::Word(name)), Some(Token::Mark('{'))) = (self.peek(0), self.peek(1)) {
            self.open.push((name.to_owned(), self.braces));
        }
    }

    fn close(&mut self) {
        self.braces = self.braces.saturating_sub(1);
        let braces = self.braces;
        self.open.pop_if(|(_module, around)| *around == braces);
    }

    /// The rest of a path that begins with `first`.
    fn path(&mut self, first: &str) -> Path {
        let mut path = vec![first.to_owned()];
        while let (Some(Token::Mark(':')), Some(Token::Mark(':')), Some(Token::Word(word))) =
            (self.peek(0), self.peek(1), self.peek(2))
        {
            path.push(word.to_owned());
            self.at += 3;
        }
        path
    }

    /// The paths of an import, each with the name that it has here.
    fn tree(&mut self, before: &[String]) -> Vec<(Path, String)> {
        self.passes_colons();
        if self.passes('{') {
            let mut paths = Vec::new();
            while self.peek(0).is_some() && !self.passes('}') {
                paths.extend(self.tree(before));
                self.passes(',');
            }
            return paths;
        }
        let Some(Token::Word(word)) = self.next() else {
            // A star: what it brings in is named by what it stands behind.
            return vec![(before.to_vec(), String::new())];
        };
        let mut path = before.to_vec();
        if word != "self" || path.is_empty() {
            path.push(word.to_owned());
        }
        if self.passes_colons() {
            return self.tree(&path);
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.peek(0) == Some(Token::Word("as")) {
            self.at += 1;
            if let Some(Token::Word(other)) = self.next() {
                other.clone_into(&mut name);
            }
        }
        vec![(path, name)]
    }

    fn import(&mut self, path: &[String], name: &str) {
        let places = self.places(path);
        for place in places {
            self.note(&place);
            self.imported.push((name.to_owned(), place));
        }
    }

    fn meet(&mut self, path: &[String]) {
        for place in self.places(path) {
            self.note(&place);
        }
    }

    fn note(&mut self, place: &Place) {
        match place {
            Place::Own(path) => self.names.own.insert(path.clone()),
            Place::Library(path) => self.names.library.insert(path.clone()),
            Place::Other(first) => self.names.firsts.insert(first.clone()),
        };
    }

    /// Where a path may lead, from where the reader is.
    fn places(&self, path: &[String]) -> Vec<Place> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let mut scope = self.module.to_vec();
        match first.as_str() {
            "crate" => return vec![Place::Own(rest.to_vec())],
            LIBRARY => return vec![Place::Library(rest.to_vec())],
            "self" | "super" => {
                scope.extend(self.open.iter().map(|(name, _around)| name.clone()));
                let ups = path.iter().take_while(|name| *name == "super").count();
                scope.truncate(scope.len().saturating_sub(ups));
                let rest = path.iter().filter(|name| *name != "super" && *name != "self");
                scope.extend(rest.cloned());
                return vec![Place::Own(scope)];
            }
            _ => {}
        }
        scope.push(first.clone());
        if (self.is_module)(&scope) {
            scope.extend_from_slice(rest);
            return vec![Place::Own(scope)];
        }
        let of_that_name = self.imported.iter().filter(|(name, _place)| name == first);
        let places: Vec<Place> = of_that_name
            .map(|(_name, place)| match place {
                Place::Own(path) => Place::Own([path.as_slice(), rest].concat()),
                Place::Library(path) => Place::Library([path.as_slice(), rest].concat()),
                Place::Other(first) => Place::Other(first.clone()),
            })
            .collect();
        if places.is_empty() {
            return vec![Place::Other(first.clone())];
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn paths_are_followed_through_imports_modules_and_parents() {
        let source = "
            use crate::a::{b::{self, C}, d as e}; use super::f::*; mod child; use banyan::x::Y;
            fn g() { b::h(); e::i::<J>(); child::k(); other::l!(); serde_json::json!(\"m::n\") }
            mod tests { use super::super::o::P; use super::*; fn q() { e::r(); super::child::s() } }
            const T: &str = include_str!(\"t.txt\");";
        let known = [path("here::child"), path("a::b")];
        let found = names(source, &path("here::it"), |module| {
            module == path("here::it::child") || known.contains(&module.to_vec())
        });
        for own in [
            "a::b",
            "a::b::C",
            "a::d",
            "here::f",
            "a::b::h",
            "a::d::i",
            "here::it::child::k",
            "here::o::P",
            "here::it",
            "a::d::r",
            "here::it::child::s",
        ] {
            assert!(found.own.contains(&path(own)), "{own} in {:?}", found.own);
        }
        assert_eq!(found.library, BTreeSet::from([path("x::Y")]));
        assert_eq!(
            found.firsts,
            BTreeSet::from(["other".to_owned(), "serde_json".to_owned()])
        );
        assert_eq!(found.included, BTreeSet::from(["t.txt".to_owned()]));
        assert!(found.texts.contains("m::n"));
    }
}
