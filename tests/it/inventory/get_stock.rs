//! How much there is of a product.

use banyan::ports::inventory::operations::DEFAULT_LOCATION;

use super::shop::Shop;

#[test]
fn levels_are_told_by_location_and_an_unknown_product_has_none() {
    let shop = Shop::new();
    shop.receive(1, DEFAULT_LOCATION, 10);
    shop.receive(1, "berlin", 4);
    shop.reserve(1, &[(1, 3)]).unwrap();
    let levels = shop.levels(1);
    let figures: Vec<_> = levels
        .iter()
        .map(|level| {
            (
                level.location.as_str(),
                level.on_hand,
                level.reserved,
                level.available(),
            )
        })
        .collect();
    assert_eq!(figures, [("berlin", 4, 0, 4), (DEFAULT_LOCATION, 10, 3, 7)]);
    assert_eq!(shop.levels(2), []);
}
