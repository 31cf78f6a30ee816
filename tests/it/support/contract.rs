//! One contract, three stores: each function of a contract becomes a test on the fake, on SQLite and on PostgreSQL.

/// `store_contract! { context = "inventory", fake = FakeStore::new(), sql = SqlInventoryStore::new,
/// migrations = MIGRATIONS; name_of_a_function, another }`: each function takes `&dyn Store`.
macro_rules! store_contract {
    (context = $context:literal, fake = $fake:expr, sql = $sql:expr, migrations = $migrations:expr;
     $($name:ident),+ $(,)?) => {
        mod on_the_fake {
            use super::*;

            $(#[test] fn $name() { super::$name(&$fake); })+
        }
        mod on_sqlite {
            use super::*;

            $(#[test] fn $name() {
                let home = $crate::support::databases::sqlite($context, $migrations);
                super::$name(&$sql(home.database.clone()));
            })+
        }
        mod on_postgres {
            use super::*;

            $(#[test] fn $name() {
                let home = $crate::support::databases::postgres($context, $migrations);
                super::$name(&$sql(home.database.clone()));
            })+
        }
    };
}
pub(crate) use store_contract;
