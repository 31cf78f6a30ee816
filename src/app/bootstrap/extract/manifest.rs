//! The crate's `Cargo.toml`: ours, without what its source does not name.

use std::collections::{BTreeMap, BTreeSet};

/// Dependencies that no source names, each with the one that it is there for: their features say how that is linked.
const COMPANIONS: [(&str, &str); 3] = [("libsqlite3-sys", "diesel"), ("pq-sys", "diesel"), ("banyan", "fail")];

/// The text of the crate's `Cargo.toml`.
pub(super) fn manifest(ours: &str, lock: &str, context: &str, named: &BTreeSet<String>) -> String {
    let kept = Kept {
        named,
        linked: linked(lock, &dependencies(ours, named)),
    };
    let mut workspace_package = String::new();
    let mut tables = Vec::new();
    for Section { comment, head, body } in sections(ours) {
        match head {
            "workspace.package" => workspace_package.push_str(body.trim_end()),
            "dependencies" | "dev-dependencies" => {
                tables.push(format!("[{head}]\n{}", kept.of_table(body)));
            }
            "features" => tables.push(format!("[{head}]\n{}\n", body.trim_end())),
            _ => {
                let lints = head
                    .strip_prefix("workspace.")
                    .filter(|head| head.starts_with("lints."));
                let is_profile = head.starts_with("profile.") && kept.has_package_of(head);
                if let Some(head) = lints.or(is_profile.then_some(head)) {
                    let gap = if comment.is_empty() { "" } else { "\n" };
                    tables.push(format!("{comment}{gap}[{head}]\n{}\n", body.trim_end()));
                }
            }
        }
    }
    format!(
        r#"# Made by `banyan extract scaffold {context}`.

[package]
name = "banyan-{context}"
description = "The context {context} of Banyan, as a service of its own"
{workspace_package}
autotests = false

# The library keeps its name: no path in the source changes on the way out and back.
[lib]
name = "banyan"
path = "src/lib.rs"

[[bin]]
name = "banyan-{context}"
path = "src/main.rs"

[[test]]
name = "it"
path = "tests/it/main.rs"

{}
"#,
        tables
            .join("\n")
            // Its tests turn a feature on by depending on the package itself, whose name this is.
            .replace("\nbanyan = {", &format!("\nbanyan-{context} = {{"))
            .replace(
                "[lints.rust]\n",
                "[lints.rust]\n# The shared rooms offer what the shop's other contexts use.\ndead_code = \"allow\"\n"
            )
            .trim_end()
    )
}

struct Kept<'a> {
    named: &'a BTreeSet<String>,
    linked: BTreeSet<String>,
}

impl Kept<'_> {
    /// The entries of a table of dependencies, under their comments: a sentence is about the entry below it, anything else
    /// heads the group.
    fn of_table(&self, table: &str) -> String {
        let mut text = String::new();
        let mut comments: Vec<&str> = Vec::new();
        let mut entry_before = false;
        for line in table.lines() {
            let is_comment = line.starts_with('#');
            if is_comment {
                if entry_before {
                    comments.clear();
                }
                comments.push(line);
            } else if is_kept(line, self.named) {
                comments.push(line);
                text.extend(comments.drain(..).flat_map(|line| [line, "\n"]));
            } else {
                comments.retain(|comment| !comment.ends_with('.'));
            }
            entry_before = !is_comment;
        }
        text
    }

    /// Whether the package of a profile is linked, where the profile is that of one.
    fn has_package_of(&self, head: &str) -> bool {
        head.split_once(".package.")
            .is_none_or(|(_profile, package)| self.linked.contains(package))
    }
}

/// The dependencies of a `Cargo.toml` that the source names.
fn dependencies(manifest: &str, named: &BTreeSet<String>) -> BTreeSet<String> {
    let tables = sections(manifest)
        .into_iter()
        .filter(|table| matches!(table.head, "dependencies" | "dev-dependencies"));
    let lines = tables.flat_map(|table| table.body.lines());
    lines
        .filter(|line| is_kept(line, named))
        .filter_map(entry)
        .map(str::to_owned)
        .collect()
}

fn is_kept(line: &str, named: &BTreeSet<String>) -> bool {
    let Some(entry) = entry(line) else { return false };
    let stands_for = COMPANIONS
        .iter()
        .find(|(companion, _of)| *companion == entry)
        .map_or(entry, |(_companion, of)| *of);
    named.contains(&stands_for.replace('-', "_"))
}

/// The name in `name = ...`.
fn entry(line: &str) -> Option<&str> {
    let (name, _value) = line.split_once('=')?;
    (!line.starts_with('#')).then_some(name.trim())
}

/// A table of a manifest.
struct Section<'m> {
    /// What stands above it.
    comment: &'m str,
    /// What stands between its brackets.
    head: &'m str,
    /// Its lines.
    body: &'m str,
}

fn sections(manifest: &str) -> Vec<Section<'_>> {
    let text = manifest.trim_start().trim_start_matches('[');
    let mut comment = "";
    let mut sections = Vec::new();
    for (head, body) in text.split("\n[").filter_map(|section| section.split_once("]\n")) {
        // A comment behind an empty line is about the table that follows.
        let (body, about_next) = match body.rsplit_once("\n\n") {
            Some((body, below)) if below.lines().all(|line| line.starts_with('#')) => (body, below),
            _ => (body, ""),
        };
        sections.push(Section { comment, head, body });
        comment = about_next;
    }
    sections
}

/// All packages that `Cargo.lock` has for these dependencies of ours.
fn linked(lock: &str, dependencies: &BTreeSet<String>) -> BTreeSet<String> {
    let needs: BTreeMap<&str, Vec<&str>> = lock
        .split("[[package]]\n")
        .filter_map(|package| {
            let name = package.strip_prefix("name = \"")?.split_once('"')?.0;
            let needs = package
                .lines()
                .filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
            // `name`, or `name version` where there are several: all of them, then.
            let needs = needs.filter_map(|need| need.split(' ').next());
            Some((name, needs.collect()))
        })
        .collect();
    let mut linked = BTreeSet::new();
    let mut open: Vec<&str> = dependencies.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if linked.insert(name.to_owned()) {
            open.extend(needs.get(name).into_iter().flatten());
        }
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::super::sources::Sources;
    use super::*;

    const OURS: &str = r#"[workspace]
members = ["."]

[workspace.package]
version = "1.2.3"

[workspace.lints.rust]
unsafe_code = "forbid"

[package]
name = "banyan"

[dependencies]
# Storage: both.
diesel = "2"
pq-sys = "0.7"
# Apart.
lapin = "4"
serde-json = { version = "1", features = ["raw_value"] }
# Gone.
csv = "1"
tempfile = "3"

[features]
failpoints = ["dep:fail"]

[dev-dependencies]
# Itself.
banyan = { path = ".", features = ["failpoints"] }
fail = "0.5"

[profile.dev]
debug = true

# About the next one.
[profile.dev.package.lapin]
opt-level = 3
[profile.dev.package.csv-core]
opt-level = 3
"#;
    const LOCK: &str = "[[package]]\nname = \"csv\"\ndependencies = [\n \"csv-core\",\n]\n";

    #[test]
    fn what_is_not_named_is_not_depended_on() {
        let named = ["diesel", "serde_json", "lapin", "tempfile", "fail"]
            .map(str::to_owned)
            .into();
        let text = manifest(OURS, LOCK, "orders", &named);
        for line in [
            "name = \"banyan-orders\"",
            "version = \"1.2.3\"",
            "# Storage: both.\ndiesel = \"2\"\npq-sys = \"0.7\"\n# Apart.\nlapin = \"4\"\nserde-json = {",
            "[lints.rust]\n",
            "[features]\nfailpoints = [\"dep:fail\"]\n",
            "[dev-dependencies]\n# Itself.\nbanyan-orders = { path = \".\", features = [\"failpoints\"] }\nfail = \"0.5\"\n",
            "[profile.dev]\ndebug = true\n\n# About the next one.\n[profile.dev.package.lapin]",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(
            !text.contains("csv") && !text.contains("Gone") && !text.contains("workspace"),
            "{text}"
        );
        let named = ["csv".to_owned()].into();
        let text = manifest(OURS, LOCK, "orders", &named);
        assert!(
            text.contains("[profile.dev.package.csv-core]") && !text.contains("diesel"),
            "{text}"
        );
    }

    /// Otherwise an extracted crate would lack it.
    #[test]
    fn every_dependency_is_named_in_the_source_or_is_a_companion() {
        let sources = Sources::of_this_version().unwrap();
        let ours = sources.get("Cargo.toml");
        let mut words: BTreeSet<String> = BTreeSet::new();
        for file in sources
            .under("src")
            .chain(sources.under("tests"))
            .filter(|file| file.rsplit_once('.').is_some_and(|(_name, kind)| kind == "rs"))
        {
            words.extend(super::super::names::names(sources.get(file), &[], |_module| false).firsts);
        }
        for table in sections(ours) {
            if matches!(table.head, "dependencies" | "dev-dependencies") {
                for line in table.body.lines().filter(|line| entry(line).is_some()) {
                    assert!(is_kept(line, &words), "{line}");
                }
            }
        }
    }
}
