//! The baskets, and the articles in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// Prices lie between these two, in cents of a euro.
const PRICE_MINOR_MIN: u64 = 49;
const PRICE_MINOR_MAX: u64 = 999;

/// The articles of one purchase, and how many of each.
#[derive(Debug, PartialEq, Eq)]
pub struct Basket {
    /// Its line in the file, from 1: names the basket in keys and files.
    pub number: u64,
    pub articles: BTreeMap<String, u64>,
}

pub fn read(path: &Path, limit: Option<usize>) -> Result<Vec<Basket>, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::file(path, source))?;
    let baskets = parse(&text, limit.unwrap_or(usize::MAX));
    if baskets.is_empty() {
        return Err(Failure::Input(format!("{}: no basket in it", path.display())));
    }
    refuse_ambiguous_slugs(&baskets)?;
    Ok(baskets)
}

/// One basket a line. Names are trimmed; empty names and empty lines are skipped; an article that is named twice is
/// bought twice.
fn parse(text: &str, limit: usize) -> Vec<Basket> {
    (1..)
        .zip(text.lines())
        .map(|(number, line)| Basket {
            number,
            articles: articles_of(line),
        })
        .filter(|basket| !basket.articles.is_empty())
        .take(limit)
        .collect()
}

fn articles_of(line: &str) -> BTreeMap<String, u64> {
    let mut articles = BTreeMap::new();
    for name in line.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        *articles.entry(name.to_owned()).or_insert(0) += 1;
    }
    articles
}

/// How many units of each article all baskets need together.
pub fn demand(baskets: &[Basket]) -> BTreeMap<String, u64> {
    let mut demand = BTreeMap::new();
    for (name, units) in baskets.iter().flat_map(|basket| &basket.articles) {
        *demand.entry(name.clone()).or_insert(0) += units;
    }
    demand
}

/// The part of a product's address that its name gives: letters and digits, everything else a hyphen.
pub fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// The price of an article, the same in every run: the file has none.
pub fn price_minor(name: &str) -> u64 {
    PRICE_MINOR_MIN + fnv1a(name) % (PRICE_MINOR_MAX - PRICE_MINOR_MIN + 1)
}

/// FNV-1a, 64 bits (draft-eastlake-fnv): short, and the same on every machine, which std's hasher does not promise.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn refuse_ambiguous_slugs(baskets: &[Basket]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for name in demand(baskets).keys() {
        let slug = slug(name);
        if slug.is_empty() || !seen.insert(slug) {
            return Err(Failure::Input(format!("article {name:?} has no slug of its own")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket(number: u64, articles: &[(&str, u64)]) -> Basket {
        Basket {
            number,
            articles: articles
                .iter()
                .map(|(name, units)| ((*name).to_owned(), *units))
                .collect(),
        }
    }

    #[test]
    fn names_are_trimmed_and_keep_their_slashes_and_parentheses() {
        let parsed = parse(" whole milk ,rolls/buns,flower (seeds)\n", 9);
        assert_eq!(
            parsed,
            [basket(
                1,
                &[("whole milk", 1), ("rolls/buns", 1), ("flower (seeds)", 1)]
            )]
        );
    }

    #[test]
    fn empty_lines_keep_the_numbers_of_the_others() {
        let parsed = parse("soda\n\n , \nbeef,,\n", 9);
        assert_eq!(parsed, [basket(1, &[("soda", 1)]), basket(4, &[("beef", 1)])]);
    }

    #[test]
    fn an_article_named_twice_is_bought_twice() {
        assert_eq!(parse("soda,beef, soda", 9), [basket(1, &[("soda", 2), ("beef", 1)])]);
    }

    #[test]
    fn the_limit_counts_baskets() {
        assert_eq!(parse("soda\nbeef\nham\n", 2).len(), 2);
    }

    #[test]
    fn demand_adds_up_over_baskets() {
        let baskets = parse("soda,beef\nsoda\nsoda,soda\n", 9);
        assert_eq!(demand(&baskets), basket(0, &[("soda", 4), ("beef", 1)]).articles);
    }

    #[test]
    fn a_slug_has_lower_case_words_and_hyphens_only() {
        assert_eq!(slug("flower (seeds)"), "flower-seeds");
        assert_eq!(slug("whipped/sour cream"), "whipped-sour-cream");
        assert_eq!(slug("UHT-milk"), "uht-milk");
        assert_eq!(slug("misc. beverages"), "misc-beverages");
    }

    #[test]
    fn names_that_share_a_slug_are_refused() {
        assert!(refuse_ambiguous_slugs(&parse("rolls/buns\nrolls buns\n", 9)).is_err());
        assert!(refuse_ambiguous_slugs(&parse("()\n", 9)).is_err());
        assert!(refuse_ambiguous_slugs(&parse("rolls\nbuns\n", 9)).is_ok());
    }

    #[test]
    fn a_price_depends_on_the_name_alone_and_stays_in_its_range() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(price_minor("whole milk"), price_minor("whole milk"));
        for number in 0..10_000_u32 {
            let price = price_minor(&number.to_string());
            assert!(
                (PRICE_MINOR_MIN..=PRICE_MINOR_MAX).contains(&price),
                "{number} costs {price}"
            );
        }
    }
}
