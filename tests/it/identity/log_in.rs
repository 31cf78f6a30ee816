use banyan::domains::shared::role::Role;
use banyan::ports::identity::operations::LogInError;
use banyan::ports::shared::access::Principal;
use banyan::ports::shared::failure::Failure;
use banyan::ports::shared::tokens::TokenVerifier;

use super::shop::{PASSWORD, Shop};

#[test]
fn the_access_token_of_a_sign_in_speaks_for_the_user() {
    let shop = Shop::new();
    let user = shop.register("ada@example.com");
    let tokens = shop.log_in("Ada@example.com", PASSWORD).unwrap();
    assert_eq!((tokens.user_id, tokens.expires_in_seconds), (user.id, 900));
    let principal = shop.verifier.verify(tokens.access_token.expose());
    assert_eq!(
        principal,
        Ok(Principal::User {
            id: user.id,
            role: Role::Customer
        })
    );
}

#[test]
fn an_unknown_address_is_answered_like_a_wrong_password_and_takes_the_same_work() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let wrong = shop
        .log_in("ada@example.com", "correct horse battery stapl")
        .unwrap_err();
    let unknown = shop.log_in("eve@example.com", PASSWORD).unwrap_err();
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, Failure::Domain(LogInError::InvalidCredentials));
    assert_eq!(shop.hasher.work(), ["hash", "verify", "verify nobody"]);
}

#[test]
fn each_sign_in_has_tokens_of_its_own() {
    let shop = Shop::new();
    shop.register("ada@example.com");
    let one = shop.log_in("ada@example.com", PASSWORD).unwrap();
    let other = shop.log_in("ada@example.com", PASSWORD).unwrap();
    assert_ne!(one.refresh_token, other.refresh_token);
    assert_ne!(one.access_token, other.access_token);
}
