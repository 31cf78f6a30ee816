//! `banyan migrate --roles`: the owner brings the databases up to date and gives each context a role of its own.

use std::fmt;

use super::contexts;
use super::databases::{DATABASE_URL, Databases, own_variable};
use super::settings::Settings;
use super::start_error::StartError;
use crate::adapters::shared::sql::connection::DatabaseLocation;
use crate::adapters::shared::sql::migrations::migrate;
use crate::adapters::shared::sql::postgres_url::PostgresUrl;
use crate::adapters::shared::sql::roles::{ContextRole, establish};

/// Which roles there are to be, and where.
pub struct Plan {
    owner: PostgresUrl,
    roles: Vec<ContextRole>,
}

/// Settings that name no five roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoles {
    /// No server.
    #[error("--roles needs BANYAN_DATABASE_URL, the owner's: roles are made on PostgreSQL, and SQLite has none")]
    NoServer,
    /// A URL without a user.
    #[error("{variable} names no user: --roles makes the role that it names")]
    NoUser {
        /// Where it was set.
        variable: String,
    },
    /// A context would be served by the owner of all tables.
    #[error("{variable} names the user of BANYAN_DATABASE_URL, who owns every context's tables: name another")]
    Owner {
        /// Where it was set.
        variable: String,
    },
    /// Two contexts would share a role.
    #[error(
        "{context} and {other} would share the role {name:?}: name another in {}",
        own_variable(context)
    )]
    Shared {
        /// One.
        context: &'static str,
        /// The other.
        other: &'static str,
        /// The role.
        name: String,
    },
}

/// What became of a context's database.
#[derive(Debug)]
pub struct Done {
    context: &'static str,
    migrated: usize,
    /// None where the context has a database of its own, which the owner does not own.
    role: Option<String>,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            context,
            migrated,
            role,
        } = self;
        write!(f, "{context}: up to date, {migrated} migrations ran; ")?;
        match role {
            Some(role) => write!(f, "its role is {role}"),
            None => write!(
                f,
                "no role: {} is another database than {DATABASE_URL}",
                own_variable(context)
            ),
        }
    }
}

/// The roles that the settings ask for, for these contexts: in the database of `BANYAN_DATABASE_URL`, whose user owns the tables, for each
/// context that is served from there. The context's own URL names its role and password; without one it is
/// `banyan_<context>` and gets no password.
///
/// # Errors
/// [`InvalidRoles`].
pub fn plan(contexts: &[&'static str], databases: &Databases) -> Result<Plan, InvalidRoles> {
    let owner = databases.general.clone().ok_or(InvalidRoles::NoServer)?;
    let mut roles: Vec<ContextRole> = Vec::new();
    for &context in contexts {
        let (name, password) = match databases.own.get(context) {
            None => (format!("banyan_{context}"), None),
            Some(url) if url.is_in_the_database_of(&owner) => {
                let variable = own_variable(context);
                match url.user() {
                    None => return Err(InvalidRoles::NoUser { variable }),
                    user if user == owner.user() => return Err(InvalidRoles::Owner { variable }),
                    Some(user) => (user.to_owned(), url.password().map(str::to_owned)),
                }
            }
            Some(_elsewhere) => continue,
        };
        if let Some(other) = roles.iter().find(|role| role.name == name) {
            let other = other.schema;
            return Err(InvalidRoles::Shared { context, other, name });
        }
        roles.push(ContextRole {
            schema: context,
            name,
            password,
        });
    }
    Ok(Plan { owner, roles })
}

/// Brings every database up to date, then makes the roles.
///
/// # Errors
/// [`StartError::Database`], [`StartError::Roles`].
pub fn carry_out(plan: &Plan, settings: &Settings) -> Result<Vec<Done>, StartError> {
    let mut done = Vec::new();
    for room in contexts::ALL {
        let context = room.name;
        let role = plan.roles.iter().find(|role| role.schema == context);
        let (location, variable) = match role {
            Some(_) => {
                let location = DatabaseLocation::PostgresSchema {
                    url: plan.owner.to_connect(),
                    schema: context.to_owned(),
                };
                (location, DATABASE_URL.to_owned())
            }
            None => (settings.database_of(context), settings.databases.variable_of(context)),
        };
        let migrated = migrate(&location, room.migrations).map_err(|source| StartError::Database {
            context,
            variable,
            source,
        })?;
        done.push(Done {
            context,
            migrated,
            role: role.map(|role| role.name.clone()),
        });
    }
    establish(&plan.owner, &plan.roles).map_err(StartError::Roles)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::super::databases::CONTEXTS;
    use super::*;

    fn databases(own: &[(&'static str, &str)]) -> Databases {
        Databases {
            general: Some("postgres://owner@host/shop".parse().unwrap()),
            own: own
                .iter()
                .map(|(context, url)| (*context, url.parse().unwrap()))
                .collect(),
        }
    }

    fn refusal(own: &[(&'static str, &str)]) -> InvalidRoles {
        plan(&CONTEXTS, &databases(own)).err().unwrap()
    }

    #[test]
    fn a_role_is_named_by_the_context_s_url_or_else_after_the_context() {
        let own = [
            ("catalog", "postgres://readers:secret@host:5432/shop"),
            ("orders", "postgres://readers@elsewhere/shop"),
        ];
        let plan = plan(&CONTEXTS, &databases(&own)).unwrap();
        let roles: Vec<_> = plan
            .roles
            .iter()
            .map(|role| (role.schema, role.name.as_str(), role.password.as_deref()))
            .collect();
        assert_eq!(
            roles,
            [
                ("identity", "banyan_identity", None),
                ("catalog", "readers", Some("secret")),
                ("inventory", "banyan_inventory", None),
                ("payments", "banyan_payments", None),
            ]
        );
    }

    #[test]
    fn no_context_is_served_by_the_owner_or_by_the_role_of_another() {
        let variable = || "BANYAN_ORDERS_DATABASE_URL".to_owned();
        assert_eq!(
            refusal(&[("orders", "postgres://owner:x@host/shop")]),
            InvalidRoles::Owner { variable: variable() }
        );
        assert_eq!(
            refusal(&[("orders", "postgres://host/shop")]),
            InvalidRoles::NoUser { variable: variable() }
        );
        let shared = refusal(&[("orders", "postgres://banyan_payments@host/shop")]);
        assert!(matches!(shared, InvalidRoles::Shared { .. }));
        assert!(shared.to_string().contains(&variable()), "{shared}");
        assert_eq!(
            plan(&CONTEXTS, &Databases::default()).err(),
            Some(InvalidRoles::NoServer)
        );
    }
}
