use banyan::ports::identity::operations::{GetProfile, GetUser, GetUserError, UpdateProfile, UpdateProfileError, User};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;

use super::shop::{Shop, as_user};
use crate::support::fixed::{call, customer};

fn rename(
    shop: &Shop,
    user: &User,
    last_name: &str,
    expected_version: Option<i64>,
) -> Result<User, Failure<UpdateProfileError>> {
    let op = UpdateProfile {
        first_name: "Ada".to_owned(),
        last_name: last_name.to_owned(),
        expected_version,
    };
    shop.identity.handle(&as_user(user), op)
}

#[test]
fn a_profile_is_the_callers_own() {
    let shop = Shop::new();
    let (ada, eve) = (shop.register("ada@example.com"), shop.register("eve@example.com"));
    assert_eq!(shop.identity.handle(&as_user(&ada), GetProfile {}), Ok(ada));
    assert_eq!(shop.identity.handle(&as_user(&eve), GetProfile {}), Ok(eve));
    let nobody = shop.identity.handle(&customer(999), GetProfile {});
    assert_eq!(nobody, Err(Failure::Domain(GetUserError::NotFound)));
}

#[test]
fn a_change_counts_and_is_told() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    shop.clock.advance_ms(1000);
    let renamed = rename(&shop, &ada, "  King ", None).unwrap();
    assert_eq!((renamed.last_name.as_str(), renamed.version), ("King", 2));
    assert!(renamed.updated_at > renamed.created_at);
    assert_eq!(shop.event_types(), ["user.registered", "user.profile.updated"]);
    assert_eq!(shop.identity.handle(&as_user(&ada), GetProfile {}), Ok(renamed));
}

#[test]
fn the_same_change_twice_is_one_change() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let once = rename(&shop, &ada, "King", None).unwrap();
    assert_eq!(rename(&shop, &ada, "King", None), Ok(once));
    assert_eq!(shop.event_types().len(), 2);
}

#[test]
fn a_change_of_an_older_version_is_refused_with_the_version_now() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    rename(&shop, &ada, "King", Some(1)).unwrap();
    let stale = rename(&shop, &ada, "Byron", Some(1));
    assert_eq!(
        stale,
        Err(Failure::Domain(UpdateProfileError::VersionMismatch { current: 2 }))
    );
    assert!(rename(&shop, &ada, "Byron", Some(2)).is_ok());
}

#[test]
fn a_name_that_breaks_a_rule_is_refused() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let refused = rename(&shop, &ada, "", None);
    assert!(matches!(refused, Err(Failure::Domain(UpdateProfileError::Invalid { field, .. })) if field == "last_name"));
}

#[test]
fn other_contexts_read_users_by_id() {
    let shop = Shop::new();
    let ada = shop.register("ada@example.com");
    let orders = call(Principal::service("orders"));
    assert_eq!(shop.identity.handle(&orders, GetUser { user_id: ada.id }), Ok(ada));
}
