//! `banyan admin create`.

use banyan::app::bootstrap::admin::{CreateAdminError, NewAdmin, create};
use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::CreateStaff;

use super::shop::Shop;
use crate::support::fixed::CountingIds;

fn ada(password: &str) -> NewAdmin {
    NewAdmin {
        email: "ada@example.com".parse().unwrap(),
        password: Secret::new(password),
        first_name: "Ada".to_owned(),
        last_name: "Admin".to_owned(),
    }
}

#[test]
fn an_admin_is_made_and_made_again_with_another_password() {
    let shop = Shop::new();
    for password in ["correct horse battery", "staple of the horses"] {
        let user = create(&*shop.contexts().identity, &CountingIds::new(), ada(password)).unwrap();
        assert_eq!(user.role, Role::Admin);
        let people = &shop.state.lock().unwrap().people;
        assert_eq!(people["ada@example.com"], (password.to_owned(), "admin".to_owned()));
    }
}

#[test]
fn a_password_that_breaks_the_rules_is_refused_and_not_repeated() {
    let shop = Shop::new();
    let error = create(&*shop.contexts().identity, &CountingIds::new(), ada("hunter2")).unwrap_err();
    assert_eq!(error.to_string(), "password: must have at least 15 bytes");
    assert!(!format!("{:?}", ada("hunter2")).contains("hunter2"));
}

#[test]
fn an_identity_that_is_away_for_a_moment_is_waited_for_and_one_that_stays_away_is_reported() {
    let shop = Shop::new();
    shop.script.is_away_for::<CreateStaff>(2);
    assert!(
        create(
            &*shop.contexts().identity,
            &CountingIds::new(),
            ada("correct horse battery")
        )
        .is_ok()
    );
    shop.script.is_away_for::<CreateStaff>(100);
    assert_eq!(
        create(
            &*shop.contexts().identity,
            &CountingIds::new(),
            ada("correct horse battery")
        ),
        Err(CreateAdminError::Failed("a database or a context is away".to_owned()))
    );
}
