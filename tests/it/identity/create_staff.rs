use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::{CreateStaff, LogInError, RefreshTokens, RegisterUserError, User};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{PASSWORD, Shop, anonymous};
use crate::support::fixed::call;

const NEW_PASSWORD: &str = "another horse, another staple";

fn create(shop: &Shop, password: &str, role: Role) -> Result<User, Failure<RegisterUserError>> {
    let op = CreateStaff {
        email: "ada@example.com".parse().unwrap(),
        password: Secret::new(password),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        role,
    };
    shop.identity.handle(&call(Principal::service("operator")), op)
}

#[test]
fn the_operator_makes_the_first_admin() {
    let shop = Shop::new();
    let admin = create(&shop, PASSWORD, Role::Admin).unwrap();
    assert_eq!(admin.role, Role::Admin);
    assert_eq!(shop.event_types(), ["user.registered"]);
    assert!(shop.log_in("ada@example.com", PASSWORD).is_ok());
}

#[test]
fn to_make_the_same_admin_twice_is_to_make_them_once() {
    let shop = Shop::new();
    let once = create(&shop, PASSWORD, Role::Admin).unwrap();
    let tokens = shop.log_in("ada@example.com", PASSWORD).unwrap();
    assert_eq!(create(&shop, PASSWORD, Role::Admin).unwrap(), once);
    assert_eq!(shop.event_types(), ["user.registered"]);
    let refresh = RefreshTokens {
        refresh_token: tokens.refresh_token,
    };
    assert!(
        shop.identity.handle(&anonymous(), refresh).is_ok(),
        "nobody is signed out by a restart"
    );
}

#[test]
fn an_existing_user_gets_role_and_password_and_has_to_sign_in_again() {
    let shop = Shop::new();
    let customer = shop.register("ada@example.com");
    let before = shop.log_in("ada@example.com", PASSWORD).unwrap();
    let staff = create(&shop, NEW_PASSWORD, Role::Staff).unwrap();
    assert_eq!((staff.id, staff.role, staff.version), (customer.id, Role::Staff, 2));
    assert_eq!(shop.event_types(), ["user.registered", "user.profile.updated"]);
    let refresh = RefreshTokens {
        refresh_token: before.refresh_token,
    };
    assert!(shop.identity.handle(&anonymous(), refresh).is_err());
    let old = shop.log_in("ada@example.com", PASSWORD).unwrap_err();
    assert_eq!(old, Failure::Domain(LogInError::InvalidCredentials));
    assert!(shop.log_in("ada@example.com", NEW_PASSWORD).is_ok());
}

#[test]
fn staff_are_not_customers_and_keep_the_password_policy() {
    let shop = Shop::new();
    let field_of = |result: Result<User, Failure<RegisterUserError>>| match result {
        Err(Failure::Domain(RegisterUserError::Invalid { field, .. })) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field_of(create(&shop, PASSWORD, Role::Customer)), "role");
    assert_eq!(field_of(create(&shop, "short", Role::Admin)), "password");
    assert!(shop.event_types().is_empty());
}
