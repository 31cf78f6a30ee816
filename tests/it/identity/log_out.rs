use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::{LogOut, RefreshTokens};
use banyan::ports::shared::operation::Handler;

use super::shop::{PASSWORD, Shop, anonymous};

#[test]
fn a_session_that_was_ended_cannot_be_refreshed_and_the_other_devices_can() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let here = shop.log_in("ada@example.com", PASSWORD).unwrap().refresh_token;
    let there = shop.log_in("ada@example.com", PASSWORD).unwrap().refresh_token;
    shop.identity
        .handle(
            &anonymous(),
            LogOut {
                refresh_token: here.clone(),
            },
        )
        .unwrap();
    assert!(
        shop.identity
            .handle(&anonymous(), RefreshTokens { refresh_token: here })
            .is_err()
    );
    assert!(
        shop.identity
            .handle(&anonymous(), RefreshTokens { refresh_token: there })
            .is_ok()
    );
}

#[test]
fn to_end_a_session_twice_or_one_that_never_was_is_answered_alike() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let token = shop.log_in("ada@example.com", PASSWORD).unwrap().refresh_token;
    for refresh_token in [token.clone(), token, Secret::new("never handed out")] {
        assert_eq!(shop.identity.handle(&anonymous(), LogOut { refresh_token }), Ok(()));
    }
}
