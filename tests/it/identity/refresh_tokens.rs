use std::sync::Barrier;

use banyan::domains::shared::role::Role;
use banyan::domains::shared::secret::Secret;
use banyan::ports::identity::operations::{CreateStaff, RefreshTokens, RefreshTokensError, TokenPair};
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::operation::Handler;
use banyan::ports::shared::tokens::TokenVerifier;

use super::shop::{PASSWORD, Shop, anonymous};
use crate::support::fixed::call;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const REFUSED: Failure<RefreshTokensError> = Failure::Domain(RefreshTokensError::InvalidToken);

fn refresh(shop: &Shop, token: &Secret) -> Result<TokenPair, Failure<RefreshTokensError>> {
    shop.identity.handle(
        &anonymous(),
        RefreshTokens {
            refresh_token: token.clone(),
        },
    )
}

fn signed_in() -> (Shop, TokenPair) {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let tokens = shop.log_in("ada@example.com", PASSWORD).unwrap();
    (shop, tokens)
}

#[test]
fn a_refresh_token_is_exchanged_for_a_new_pair() {
    let (shop, first) = signed_in();
    let second = refresh(&shop, &first.refresh_token).unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert!(shop.verifier.verify(second.access_token.expose()).is_ok());
    assert!(refresh(&shop, &second.refresh_token).is_ok());
}

#[test]
fn a_token_that_is_used_twice_revokes_its_whole_family_and_no_other() {
    let (shop, first) = signed_in();
    let other_device = shop.log_in("ada@example.com", PASSWORD).unwrap();
    let second = refresh(&shop, &first.refresh_token).unwrap();
    assert_eq!(refresh(&shop, &first.refresh_token).unwrap_err(), REFUSED);
    assert_eq!(refresh(&shop, &second.refresh_token).unwrap_err(), REFUSED);
    assert!(refresh(&shop, &other_device.refresh_token).is_ok());
}

#[test]
fn of_several_who_present_a_token_at_once_at_most_one_gets_a_pair_and_it_is_worth_nothing() {
    let (shop, first) = signed_in();
    let barrier = Barrier::new(8);
    let pairs: Vec<TokenPair> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|_racer| {
                scope.spawn(|| {
                    barrier.wait();
                    refresh(&shop, &first.refresh_token).ok()
                })
            })
            .collect();
        racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect()
    });
    assert!(pairs.len() <= 1);
    for pair in pairs {
        assert_eq!(refresh(&shop, &pair.refresh_token).unwrap_err(), REFUSED);
    }
}

#[test]
fn a_session_ends_30_days_after_the_sign_in_however_often_it_is_refreshed() {
    let (shop, first) = signed_in();
    shop.clock.advance_ms(29 * DAY_MS);
    let second = refresh(&shop, &first.refresh_token).unwrap();
    shop.clock.advance_ms(DAY_MS);
    assert_eq!(refresh(&shop, &second.refresh_token).unwrap_err(), REFUSED);
}

#[test]
fn what_we_never_handed_out_is_refused() {
    let (shop, tokens) = signed_in();
    for text in [
        "",
        "rft_",
        "' OR 1=1--",
        tokens.access_token.expose(),
        &"x".repeat(100_000),
    ] {
        assert_eq!(refresh(&shop, &Secret::new(text)).unwrap_err(), REFUSED, "{text:.40}");
    }
}

#[test]
fn a_refresh_brings_the_role_that_the_user_has_by_now() {
    let shop = Shop::new();
    let operator = call(Principal::service("operator"));
    let staff = CreateStaff {
        email: "ada@example.com".parse().unwrap(),
        password: Secret::new(PASSWORD),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        role: Role::Staff,
    };
    let id = shop.identity.handle(&operator, staff).unwrap().id;
    let tokens = shop.log_in("ada@example.com", PASSWORD).unwrap();
    let next = refresh(&shop, &tokens.refresh_token).unwrap();
    assert_eq!(
        shop.verifier.verify(next.access_token.expose()),
        Ok(Principal::User { id, role: Role::Staff })
    );
}
