//! A role for each context's process, on `PostgreSQL`: it may read and write the rows of its own schema, and nothing
//! else (docs/adr/0010).

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Array, Text};
use diesel::{Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl};

use super::postgres_url::PostgresUrl;
use crate::ports::shared::storage::{BoxedError, StorageError};

/// Longer names are cut by the server (`NAMEDATALEN` - 1): two could become one.
const NAME_BYTES_MAX: usize = 63;
/// How often a role is tried to be made. Roles belong to all databases of a server, and a change of one fails when
/// somebody else changes it at this moment.
const ATTEMPTS_MAX: u32 = 10;
/// How long to wait before the next attempt, times the number of attempts made.
const PAUSE: Duration = Duration::from_millis(20);

/// Who the process of a context is to the server.
#[derive(Clone, PartialEq, Eq)]
pub struct ContextRole {
    /// The context's schema, which has to exist.
    pub schema: &'static str,
    /// The role's name.
    pub name: String,
    /// What it logs in with. `None` leaves it as it is: none at first.
    pub password: Option<String>,
}

/// Makes these roles with exactly the rights that they need, in the database and in the name of its owner. A role that
/// exists keeps its password unless another is given, and loses what rights it has beyond these. Doing it twice is doing
/// it once; several may do it at once.
///
/// # Errors
/// [`StorageError::Unavailable`] when the server cannot be reached; [`StorageError::Other`] when `owner` may not do it or
/// when a role of this name is more than a context's role may be. No right has changed then.
pub fn establish(owner: &PostgresUrl, roles: &[ContextRole]) -> Result<(), StorageError> {
    if roles.is_empty() {
        return Ok(());
    }
    let mut connection =
        PgConnection::establish(&owner.to_connect()).map_err(|error| StorageError::Unavailable(Box::new(error)))?;
    for role in roles {
        make(&mut connection, role).map_err(StorageError::Other)?;
    }
    connection
        .transaction(|connection| limit(connection, roles))
        .map_err(StorageError::Other)
}

/// What goes wrong beside what the server says.
#[derive(Debug, thiserror::Error)]
enum RoleError {
    #[error("the role name {name:?} is longer than {NAME_BYTES_MAX} bytes")]
    NameTooLong { name: String },
    #[error("roles cannot be limited to their contexts by this owner: {findings}")]
    NotLimited { findings: String },
}

/// Values come as settings of the transaction, and errors leave without the statement that made them: so no password is
/// in a statement that the server's log may repeat.
const MAKE_ROLE: &str = "DO $$
DECLARE
    wanted text := current_setting('banyan.role_name');
    secret text := current_setting('banyan.role_password');
    existing pg_roles%ROWTYPE;
BEGIN
    SELECT * INTO existing FROM pg_roles WHERE rolname = wanted;
    IF existing.oid IS NULL THEN
        EXECUTE format('CREATE ROLE %I LOGIN', wanted);
    ELSIF wanted = current_user THEN
        RAISE EXCEPTION 'the role \"%\" is the one that owns the tables', wanted;
    ELSIF existing.rolsuper OR existing.rolcreaterole OR existing.rolcreatedb OR existing.rolreplication
        OR existing.rolbypassrls OR EXISTS (SELECT FROM pg_auth_members WHERE member = existing.oid) THEN
        RAISE EXCEPTION 'the role \"%\" may do more than a context may: it has an attribute or belongs to a role', wanted;
    ELSIF NOT existing.rolcanlogin THEN
        EXECUTE format('ALTER ROLE %I LOGIN', wanted);
    END IF;
    IF secret <> '' THEN
        EXECUTE format('ALTER ROLE %I PASSWORD %L', wanted, secret);
    END IF;
EXCEPTION
    -- Somebody else has just made or changed it (`tuple concurrently updated` is an internal error to the server).
    WHEN duplicate_object OR unique_violation OR internal_error THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = SQLERRM;
    WHEN OTHERS THEN
        RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
END $$";

fn make(connection: &mut PgConnection, role: &ContextRole) -> Result<(), BoxedError> {
    if role.name.len() > NAME_BYTES_MAX {
        let name = role.name.clone();
        return Err(Box::new(RoleError::NameTooLong { name }));
    }
    let mut attempts = 1;
    loop {
        let made = connection.transaction(|connection| {
            connection.batch_execute("SET LOCAL password_encryption = 'scram-sha-256'")?;
            diesel::sql_query(
                "SELECT set_config('banyan.role_name', $1, true), set_config('banyan.role_password', $2, true)",
            )
            .bind::<Text, _>(&role.name)
            .bind::<Text, _>(role.password.as_deref().unwrap_or_default())
            .execute(connection)?;
            connection.batch_execute(MAKE_ROLE)
        });
        match made {
            Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) if attempts < ATTEMPTS_MAX => {
                thread::sleep(PAUSE * attempts);
                attempts += 1;
            }
            outcome => return Ok(outcome?),
        }
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn limit(connection: &mut PgConnection, roles: &[ContextRole]) -> Result<(), BoxedError> {
    // A right that cannot be taken away is a warning to the server; it is an error to us, further down.
    connection.batch_execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('banyan.migrations', 0)); SET LOCAL client_min_messages = error",
    )?;
    let database: Name = diesel::sql_query("SELECT current_database()::text AS name").get_result(connection)?;
    let database = quoted(&database.name);
    let all = roles
        .iter()
        .map(|role| quoted(&role.name))
        .collect::<Vec<_>>()
        .join(", ");
    connection.batch_execute(&format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC, {all}; GRANT CONNECT ON DATABASE {database} TO {all};"
    ))?;
    let public: Vec<Name> =
        diesel::sql_query("SELECT nspname::text AS name FROM pg_namespace WHERE nspname = 'public'")
            .load(connection)?;
    if !public.is_empty() {
        connection.batch_execute(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {all};"))?;
    }
    for role in roles {
        let (schema, name) = (quoted(role.schema), quoted(&role.name));
        connection.batch_execute(&format!(
            "REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {all}; \
             REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {all}; \
             REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {all}; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {all}; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON SEQUENCES FROM {all}; \
             GRANT USAGE ON SCHEMA {schema} TO {name}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}; \
             REVOKE INSERT, UPDATE, DELETE ON {schema}.__diesel_schema_migrations FROM {name}; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}; \
             ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {name};"
        ))?;
    }
    let findings = findings(connection, roles)?;
    if findings.is_empty() {
        Ok(())
    } else {
        let findings = findings.join("; ");
        Err(Box::new(RoleError::NotLimited { findings }))
    }
}

/// What the server says of the roles that is not as it has to be: an owner who does not own everything could not give or
/// take it.
fn findings(connection: &mut PgConnection, roles: &[ContextRole]) -> QueryResult<Vec<String>> {
    let (schemas, names): (Vec<&str>, Vec<&str>) = roles.iter().map(|role| (role.schema, &*role.name)).unzip();
    let findings: Vec<Name> = diesel::sql_query(
        "WITH limited (context, role) AS (SELECT * FROM unnest($1, $2)) \
         SELECT limited.role || ' ' || finding AS name FROM limited, LATERAL (VALUES \
         ('may not connect', NOT has_database_privilege(limited.role, current_database(), 'CONNECT')), \
         ('may make schemas', has_database_privilege(limited.role, current_database(), 'CREATE')), \
         ('may make temporary tables', has_database_privilege(limited.role, current_database(), 'TEMPORARY')), \
         ('may make tables in public', EXISTS (SELECT FROM pg_namespace \
          WHERE nspname = 'public' AND has_schema_privilege(limited.role, oid, 'CREATE'))), \
         ('may not use its schema', NOT has_schema_privilege(limited.role, limited.context, 'USAGE')), \
         ('may make tables in its schema', has_schema_privilege(limited.role, limited.context, 'CREATE')), \
         ('owns a table', EXISTS (SELECT FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner \
          WHERE rolname = limited.role AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY ($1)))), \
         ('may not write a table of its schema', EXISTS (SELECT FROM pg_class \
          WHERE relnamespace = to_regnamespace(quote_ident(limited.context)) AND relkind = 'r' \
          AND relname <> '__diesel_schema_migrations' AND NOT has_table_privilege(limited.role, oid, 'INSERT'))), \
         ('may use the schema of another context', EXISTS (SELECT FROM limited AS other \
          WHERE other.context <> limited.context AND has_schema_privilege(limited.role, other.context, 'USAGE'))) \
         ) AS found (finding, is_so) WHERE is_so ORDER BY limited.context, finding",
    )
    .bind::<Array<Text>, _>(schemas)
    .bind::<Array<Text>, _>(names)
    .load(connection)?;
    Ok(findings.into_iter().map(|finding| finding.name).collect())
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(quoted("orders"), "\"orders\"");
        assert_eq!(
            quoted("a\"; DROP SCHEMA orders; --"),
            "\"a\"\"; DROP SCHEMA orders; --\""
        );
    }
}
