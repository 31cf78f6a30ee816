//! Which card pays for which basket, and whatever else a run leaves to chance.

/// The payment tokens that the provider's simulator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Visa,
    Declined,
    TimeoutAfterCharge,
}

impl Token {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visa => "tok_visa",
            Self::Declined => "tok_declined",
            Self::TimeoutAfterCharge => "tok_timeout_after_charge",
        }
    }
}

/// The shares of the two unlucky tokens; the rest pays at once.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    pub declined_percent: u8,
    pub timeout_after_charge_percent: u8,
    pub seed: u64,
}

impl Shares {
    /// The same basket number and seed give the same token, whoever asks and in whatever order.
    pub fn token(self, basket_number: u64) -> Token {
        let draw = draw(self.seed, basket_number) % 100;
        let declined = u64::from(self.declined_percent);
        if draw < declined {
            Token::Declined
        } else if draw < declined + u64::from(self.timeout_after_charge_percent) {
            Token::TimeoutAfterCharge
        } else {
            Token::Visa
        }
    }
}

/// The same seed and number give the same draw, whoever asks and in whatever order.
pub fn draw(seed: u64, number: u64) -> u64 {
    splitmix64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
fn splitmix64(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(declined_percent: u8, timeout_after_charge_percent: u8, seed: u64) -> Shares {
        Shares {
            declined_percent,
            timeout_after_charge_percent,
            seed,
        }
    }

    fn count(shares: Shares, token: Token) -> usize {
        (1..=10_000).filter(|number| shares.token(*number) == token).count()
    }

    #[test]
    fn the_generator_is_splitmix64() {
        assert_eq!(splitmix64(0), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn without_shares_every_basket_is_paid() {
        assert_eq!(count(shares(0, 0, 7), Token::Visa), 10_000);
    }

    #[test]
    fn with_the_whole_share_every_basket_is_declined() {
        assert_eq!(count(shares(100, 0, 7), Token::Declined), 10_000);
    }

    #[test]
    fn the_shares_are_met_within_a_percent_of_all() {
        let shares = shares(10, 5, 42);
        assert!((900..1100).contains(&count(shares, Token::Declined)));
        assert!((400..600).contains(&count(shares, Token::TimeoutAfterCharge)));
    }

    #[test]
    fn another_seed_chooses_other_baskets() {
        let chosen = |seed| -> Vec<u64> {
            (1..=1_000)
                .filter(|number| shares(10, 0, seed).token(*number) == Token::Declined)
                .collect()
        };
        assert_eq!(chosen(1), chosen(1));
        assert_ne!(chosen(1), chosen(2));
    }
}
