//! What each buyer of a round wants, and whether the outcome is fair.

use std::collections::BTreeMap;

use crate::choice::draw;

/// More buyers than any run has: keeps the draws of two rounds apart.
const BUYERS_MAX: u64 = 4096;

/// The lines of one order, by the number of the product on the shelf. A product may be on several of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish(Vec<usize>);

impl Wish {
    /// All products in an order of the buyer's own; where wishes overlap, a few of them, and the first on two lines.
    pub fn of(round: u16, buyer: u16, products: usize, overlap: bool) -> Self {
        let number = u64::from(round) * BUYERS_MAX + u64::from(buyer);
        let mut shelf: Vec<usize> = (0..products).collect();
        let mut lines = Vec::new();
        let mut seed = 0;
        while !shelf.is_empty() {
            seed += 1;
            lines.push(shelf.swap_remove(pick(seed, number, shelf.len())));
        }
        if overlap {
            lines.truncate(1 + pick(0, number, products));
            lines.extend(lines.first().copied());
        }
        Self(lines)
    }

    /// One unit on each.
    pub fn lines(&self) -> &[usize] {
        &self.0
    }

    fn units(&self) -> BTreeMap<usize, u64> {
        let mut units = BTreeMap::new();
        for product in &self.0 {
            *units.entry(*product).or_insert(0) += 1;
        }
        units
    }
}

/// One of so many: fewer than there are is not to be had.
fn pick(seed: u64, number: u64, of: usize) -> usize {
    let of = u64::try_from(of).unwrap_or(u64::MAX).max(1);
    usize::try_from(draw(seed, number) % of).unwrap_or(0)
}

/// How many units of each product are left when these have got what they wished for; nothing when it is more than there was.
pub fn left<'a>(stock: u64, products: usize, winners: impl IntoIterator<Item = &'a Wish>) -> Option<Vec<u64>> {
    let mut left = vec![stock; products];
    for wish in winners {
        for product in wish.lines() {
            let units = left.get_mut(*product)?;
            *units = units.checked_sub(1)?;
        }
    }
    Some(left)
}

/// Whether somebody who was sent away could have been served with what is left.
pub fn could_be_served(wish: &Wish, left: &[u64]) -> bool {
    let units = wish.units();
    units
        .iter()
        .all(|(product, wanted)| left.get(*product).is_some_and(|left| left >= wanted))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_wants_everything_in_an_order_of_their_own() {
        let wishes: Vec<Wish> = (1..=64).map(|buyer| Wish::of(3, buyer, 4, false)).collect();
        let orders: BTreeSet<&[usize]> = wishes.iter().map(Wish::lines).collect();
        assert!(orders.len() > 12, "{orders:?}");
        for wish in &wishes {
            assert_eq!(wish.units(), (0..4).map(|product| (product, 1)).collect());
        }
    }

    #[test]
    fn wishes_that_overlap_are_of_all_sizes_and_have_a_product_twice() {
        let wishes: Vec<Wish> = (1..=64).map(|buyer| Wish::of(3, buyer, 4, true)).collect();
        let sizes: BTreeSet<usize> = wishes.iter().map(|wish| wish.lines().len()).collect();
        assert_eq!(sizes, (2..=5).collect());
        for wish in &wishes {
            assert_eq!(wish.units().values().max(), Some(&2));
        }
    }

    #[test]
    fn more_than_there_was_is_found_and_so_is_a_buyer_sent_away_for_nothing() {
        let one_of_each = Wish(vec![1, 0]);
        let two = Wish(vec![1, 1]);
        assert_eq!(left(2, 2, [&one_of_each]), Some(vec![1, 1]));
        assert_eq!(left(2, 2, [&one_of_each, &two]), None);
        assert!(could_be_served(&one_of_each, &[1, 1]));
        assert!(!could_be_served(&two, &[1, 1]));
        assert!(!could_be_served(&one_of_each, &[0, 5]));
    }
}
