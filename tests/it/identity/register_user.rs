use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::events::UserRegistered;
use banyan::ports::identity::operations::{RegisterUser, RegisterUserError};
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{PASSWORD, Shop, anonymous, registration};

fn invalid_field(op: RegisterUser) -> String {
    match Shop::new().identity.handle(&anonymous(), op) {
        Err(Failure::Domain(RegisterUserError::Invalid { field, .. })) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_registers_is_a_customer_and_the_event_tells_nothing_personal() {
    let shop = Shop::new();
    let user = shop.register("Ada@Example.com");
    assert_eq!(
        (user.email.as_str(), user.role, user.version),
        ("ada@example.com", Role::Customer, 1)
    );
    assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("Ada", "Lovelace"));
    let events = shop.store.events();
    let event: UserRegistered = events[0].decode().unwrap().unwrap();
    assert_eq!((event.user_id, event.role, events.len()), (user.id, Role::Customer, 1));
    assert!(!events[0].payload.to_lowercase().contains("ada"));
}

#[test]
fn an_address_registers_once_however_it_is_spelled() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let again = shop.identity.handle(&anonymous(), registration("ADA@example.com"));
    assert_eq!(again, Err(Failure::Domain(RegisterUserError::EmailTaken)));
    assert_eq!(shop.event_types(), ["user.registered"]);
}

#[test]
fn a_taken_address_is_hashed_for_like_a_free_one() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let _taken = shop.identity.handle(&anonymous(), registration("ada@example.com"));
    assert_eq!(shop.hasher.work(), ["hash", "hash"]);
}

#[test]
fn a_field_that_breaks_a_rule_is_named_and_nothing_is_kept() {
    let with_password = |password: &str| RegisterUser {
        password: Secret::new(password),
        ..registration("a@b.cd")
    };
    assert_eq!(invalid_field(with_password("fourteen bytes")), "password");
    assert_eq!(invalid_field(with_password(&"x".repeat(1025))), "password");
    assert_eq!(invalid_field(with_password("a NUL character\0")), "password");
    assert_eq!(
        invalid_field(RegisterUser {
            first_name: " ".to_owned(),
            ..registration("a@b.cd")
        }),
        "first_name"
    );
    assert_eq!(
        invalid_field(RegisterUser {
            last_name: "x".repeat(101),
            ..registration("a@b.cd")
        }),
        "last_name"
    );
}

#[test]
fn a_password_shows_in_no_debug_output_no_error_no_event_and_no_row() {
    let shop = Shop::new();
    let op = registration("ada@example.com");
    assert!(!format!("{op:?}").contains(PASSWORD));
    let user = shop.identity.handle(&anonymous(), op).unwrap();
    let tokens = shop.log_in("ada@example.com", PASSWORD).unwrap();
    let short = RegisterUser {
        password: Secret::new("canary"),
        ..registration("eve@example.com")
    };
    let refused = shop.identity.handle(&anonymous(), short).unwrap_err();
    let seen = format!("{user:?} {tokens:?} {refused:?} {}", shop.store.dump());
    for secret in [
        PASSWORD,
        "canary",
        tokens.access_token.expose(),
        tokens.refresh_token.expose(),
    ] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn strings_that_mean_something_elsewhere_are_kept_as_they_are() {
    for text in [
        "' OR 1=1--",
        "%00",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "<script>alert(1)</script>",
    ] {
        let op = RegisterUser {
            first_name: text.to_owned(),
            ..registration("ada@example.com")
        };
        assert_eq!(Shop::new().identity.handle(&anonymous(), op).unwrap().first_name, text);
    }
    let two_lines = RegisterUser {
        first_name: "x\r\nSet-Cookie: a=b".to_owned(),
        ..registration("ada@example.com")
    };
    assert_eq!(invalid_field(two_lines), "first_name");
}
