//! Which context's database is where.

use std::collections::BTreeMap;

use super::settings::InvalidSetting;
use crate::adapters::shared::sql::postgres_url::PostgresUrl;

/// The contexts, each of which has a database.
pub const CONTEXTS: [&str; 5] = ["identity", "catalog", "inventory", "payments", "orders"];

/// The variable that says where the databases are which have no variable of their own.
pub const DATABASE_URL: &str = "BANYAN_DATABASE_URL";

/// Which context's database is where: at the URL of its own, else on the server for all of them, else in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    /// The server for all contexts that have none of their own; `None` for files.
    pub general: Option<PostgresUrl>,
    /// Those of single contexts, by the context's name.
    pub own: BTreeMap<&'static str, PostgresUrl>,
}

impl Databases {
    /// The URL of this context's database; `None` for a file.
    pub fn url_of(&self, context: &str) -> Option<&PostgresUrl> {
        self.own.get(context).or(self.general.as_ref())
    }

    /// Whether this context's database is a file, which belongs to one process.
    pub fn is_a_file(&self, context: &str) -> bool {
        self.url_of(context).is_none()
    }

    /// The variable that decides where this context's database is.
    pub fn variable_of(&self, context: &str) -> String {
        if self.own.contains_key(context) {
            own_variable(context)
        } else if self.general.is_some() {
            DATABASE_URL.to_owned()
        } else {
            "BANYAN_DATA_DIR".to_owned()
        }
    }
}

/// The variable for the database of this context alone.
pub fn own_variable(context: &str) -> String {
    format!("BANYAN_{}_DATABASE_URL", context.to_ascii_uppercase())
}

/// The URL that is the value of `variable`; none for an empty one.
///
/// # Errors
/// [`InvalidSetting::UnknownScheme`], [`InvalidSetting::NotADatabaseUrl`].
pub fn database_url(variable: &str, text: &str) -> Result<Option<PostgresUrl>, InvalidSetting> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.split_once("://") {
        Some((scheme, _rest)) if is_another_scheme(scheme) => Err(InvalidSetting::UnknownScheme {
            variable: variable.to_owned(),
            scheme: scheme.to_owned(),
        }),
        _ => text
            .parse()
            .map(Some)
            .map_err(|source| InvalidSetting::NotADatabaseUrl {
                variable: variable.to_owned(),
                source,
            }),
    }
}

/// Whether this is a scheme that we do not know, and no piece of something secret.
fn is_another_scheme(text: &str) -> bool {
    !matches!(text, "postgres" | "postgresql") && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_two_databases_that_there_are_can_be_named() {
        assert_eq!(database_url("V", ""), Ok(None));
        for text in ["postgres://u:p@h/d", "postgresql:///d"] {
            assert_eq!(database_url("V", text), Ok(Some(url(text))));
        }
        for text in ["mysql://h/d", "sqlite://data", "POSTGRES://h/d"] {
            assert!(
                matches!(database_url("V", text), Err(InvalidSetting::UnknownScheme { .. })),
                "{text}"
            );
        }
        for text in ["postgres://", "data/shop.db", "postgres:h", "shop:hunter2://h/d"] {
            assert!(
                matches!(database_url("V", text), Err(InvalidSetting::NotADatabaseUrl { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_context_s_own_database_comes_before_the_one_for_all() {
        let (general, own) = (url("postgres://h/shop"), url("postgres://h2/catalog"));
        let mut databases = Databases::default();
        assert!(databases.is_a_file("catalog"));
        assert_eq!(databases.variable_of("catalog"), "BANYAN_DATA_DIR");
        databases.general = Some(general.clone());
        assert_eq!(databases.url_of("catalog"), Some(&general));
        assert_eq!(databases.variable_of("catalog"), "BANYAN_DATABASE_URL");
        databases.own.insert("catalog", own.clone());
        assert_eq!(databases.url_of("catalog"), Some(&own));
        assert_eq!(databases.variable_of("catalog"), "BANYAN_CATALOG_DATABASE_URL");
        assert_eq!(databases.url_of("orders"), Some(&general));
        databases.general = None;
        assert!(databases.is_a_file("orders") && !databases.is_a_file("catalog"));
    }
}
