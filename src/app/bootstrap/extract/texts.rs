//! The files of an extracted crate that are its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::bootstrap::processes::peer_variable;
use crate::app::bootstrap::rooms::Blueprint;
use crate::ports::shared::operation::OperationInfo;

/// `src/main.rs`: the program can do what every set of contexts can.
pub(super) const PROGRAM: &str = "\
//! The program: the command line is read in [`banyan::app::bootstrap::program`], and carried out in
//! [`banyan::app::bootstrap::service`].

use std::process::ExitCode;

use banyan::app::bootstrap::{program, service};

fn main() -> ExitCode {
    program::main(std::env::args_os(), service::carry_out)
}
";

/// Its public operations as a trait: `Orders` for `orders`.
fn trait_of(context: &str) -> String {
    let mut letters = context.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `src/app/bootstrap/contexts.rs`: one context, and whom it calls.
pub(super) fn contexts(blueprint: &Blueprint) -> String {
    let name = blueprint.name;
    let own_trait = trait_of(name);
    let called: BTreeSet<&str> = blueprint.calls.iter().map(OperationInfo::context).collect();
    let imports: BTreeSet<&str> = called.iter().copied().chain([name]).collect();
    let imports: Vec<String> = imports
        .into_iter()
        .map(|context| format!("use crate::ports::{context}::operations::{};\n", trait_of(context)))
        .collect();
    let (wired, open) = if called.is_empty() {
        (String::new(), format!("{name}::open"))
    } else {
        let others: Vec<String> = called
            .iter()
            .map(|other| format!("            {other}: house.reach::<dyn {}>(),\n", trait_of(other)))
            .collect();
        let called = format!(
            "        let called = {name}::Called {{\n{}        }};\n",
            others.concat()
        );
        (called, format!("|house| {name}::open(house, called)"))
    };
    format!(
        "\
//! The context of this crate, and whom it calls.

use std::sync::Arc;

use super::house::House;
use super::rooms::{{Blueprint, Front, Routes, {name}}};
use super::start_error::StartError;
use super::wiring::Shop;
{imports}
/// Those that can run here.
pub const ALL: [Blueprint; 1] = [{name}::BLUEPRINT];

/// Endpoints for which all contexts of a shop are needed: none are here.
pub const ROUTES_OF_ALL: &[Routes] = &[];

/// Those endpoints.
pub fn fronts_of_all(_shop: &Shop) -> Vec<Front> {{
    Vec::new()
}}

/// The contexts, as everybody in this process calls them.
#[derive(Clone)]
pub struct Contexts {{
    /// The one of this crate.
    pub {name}: Arc<dyn {own_trait}>,
}}

impl Contexts {{
    /// Gives each context its place.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn wire(house: &mut House<'_>) -> Result<Self, StartError> {{
{wired}        let {name} = house.place({open}, |elsewhere| elsewhere)?;
        Ok(Self {{ {name} }})
    }}

    /// Their faces to the storefront, by their names.
    pub fn fronts(&self) -> Vec<(&'static str, Front)> {{
        vec![(\"{name}\", {name}::front(self.{name}.clone()))]
    }}
}}
",
        imports = imports.concat()
    )
}

/// `Dockerfile`: ours, for the program of this crate.
pub(super) fn dockerfile(ours: &str, context: &str) -> String {
    ours.replace("--bin banyan", &format!("--bin banyan-{context}"))
        .replace("release/banyan ", &format!("release/banyan-{context} "))
        .replace("CMD [\"banyan\"", &format!("CMD [\"banyan-{context}\""))
        .replace("# One container, one binary.", "# One container, one context.")
}

/// The rows of the README's table for the other contexts that have to be reached.
fn rows_of_peers(blueprint: &Blueprint) -> String {
    let name = blueprint.name;
    let mut peers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (other, does) in blueprint.neighbours() {
        peers.entry(other).or_default().insert(does);
    }
    if name != "identity" {
        let verifies = "verifies access tokens with the keys of";
        peers.entry("identity").or_default().insert(verifies);
    }
    let rows = peers.iter().map(|(other, does)| {
        let does: Vec<&str> = does.iter().copied().collect();
        let variable = peer_variable(other);
        format!(
            "| `{variable}` | where {other} is reached: {name} {} it |\n",
            does.join(" it, and ")
        )
    });
    rows.collect()
}

/// What the README says of the tests that are not there.
fn missing_tests(tests_left_out: &BTreeMap<String, String>) -> String {
    if tests_left_out.is_empty() {
        return "All of the context's tests are here.\n".to_owned();
    }
    let rows = tests_left_out
        .iter()
        .map(|(file, missing)| format!("- `{file}`: needs {missing}\n"));
    let rows: String = rows.collect();
    format!("These stay with the shop, because they need more of it than is here:\n\n{rows}")
}

/// `README.md`: what it is, how it runs beside the rest of the shop, and the way back.
pub(super) fn readme(blueprint: &Blueprint, tests_left_out: &BTreeMap<String, String>) -> String {
    let name = blueprint.name;
    let upper = name.to_ascii_uppercase();
    let tests = missing_tests(tests_left_out);
    format!(
        r"# banyan-{name}

The context `{name}` of Banyan as a service of its own, made by `banyan extract scaffold {name}`. Every file of it is a
file of Banyan, but for `src/main.rs`, `src/app/bootstrap/contexts.rs`, `Cargo.toml`, `Dockerfile` and this one; `mod` lines
of files that stayed behind are gone. It speaks the same protocol as a Banyan process that runs `{name}`, tells the same
events and keeps the same tables: either can take the other's place.

## Run it

| variable | what for |
|---|---|
| `BANYAN_{upper}_DATABASE_URL` | its database, `postgres://...`; absent: a file in `BANYAN_DATA_DIR` |
| `BANYAN_INTERNAL_ADDR` | where the other processes reach it, as in `0.0.0.0:9090` |
| `BANYAN_SERVICE_SECRET` | signs what the processes say to each other; the same in all of them |
{peer_rows}
`cargo run -- serve` serves; `--help` names the rest. `migrate`, `openapi` and `contracts` work as in Banyan; what needs the
whole shop (`import`, `admin`, `fsck`, the demo) is done with Banyan's own program, wherever the contexts run.

To take the context's place in a shop: stop the process that ran `{name}`, start this one on the same database, let the
others run with `BANYAN_CONTEXTS` without `{name}`, and give them its internal address as `{own_variable}`.

## Test it

`tests/servers/postgres.sh start /tmp/postgres` prints the URL of a private PostgreSQL for `BANYAN_TEST_POSTGRES_URL`; then
`cargo test`. {tests}
## Put it back

Copy the rooms (`src/*/{name}`), their migrations and their tests over those of Banyan. No path in them has changed. Run
Banyan with `{name}` among its `BANYAN_CONTEXTS`, on the same database.
",
        peer_rows = rows_of_peers(blueprint),
        own_variable = peer_variable(name),
    )
}
