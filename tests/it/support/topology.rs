//! Which process runs what: read from the files under `deploy/compose`, so that what is tested is what is deployed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// The variable that says on which processes the suite runs; absent: all contexts in the test's own process.
pub const VARIABLE: &str = "BANYAN_TEST_TOPOLOGY";

/// A compose file, as far as it concerns us.
#[derive(Debug, Deserialize)]
struct ComposeFile {
    services: BTreeMap<String, ComposeService>,
}

#[derive(Debug, Deserialize)]
struct ComposeService {
    image: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    ports: Vec<String>,
}

/// The processes of a shop.
#[derive(Debug)]
pub struct Topology {
    pub services: Vec<Service>,
}

/// One of them.
#[derive(Debug)]
pub struct Service {
    /// Its host's name, too.
    pub name: String,
    /// What is set there, as it stands in the file.
    pub environment: BTreeMap<String, String>,
    /// Whether it has the port that the world sees.
    pub is_storefront: bool,
}

impl Topology {
    /// That of `deploy/compose/<name>.yaml`.
    pub fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/compose");
        let path = folder.join(name).with_extension("yaml");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{VARIABLE}: {} cannot be read: {error}", path.display()));
        let file: ComposeFile =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ours = file
            .services
            .into_iter()
            .filter(|(_name, service)| service.image == "banyan");
        let services: Vec<Service> = ours
            .map(|(name, service)| Service {
                name,
                environment: service.environment,
                is_storefront: !service.ports.is_empty(),
            })
            .collect();
        let fronts = services.iter().filter(|service| service.is_storefront).count();
        assert_eq!(
            fronts,
            1,
            "{}: one process has the storefront's address",
            path.display()
        );
        Self { services }
    }

    /// The one that the environment names, if it names any.
    pub fn wished() -> Option<Self> {
        let name = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty())?;
        Some(Self::named(&name))
    }
}

impl Service {
    /// The contexts that it runs.
    pub fn contexts(&self) -> Vec<&str> {
        match self.environment.get("BANYAN_CONTEXTS") {
            Some(list) => list.split(',').collect(),
            None => vec!["identity", "inventory", "catalog", "payments", "orders"],
        }
    }

    /// The name of its database.
    pub fn database(&self) -> &str {
        let url = &self.environment["BANYAN_DATABASE_URL"];
        url.rsplit('/').next().unwrap()
    }
}
