//! Card numbers have no place here: who keeps them must be certified for it (PCI DSS). Payments knows tokens.

/// Whether a text could be a card number: 13 to 19 digits, perhaps in groups, with a right check digit (ISO/IEC 7812-1,
/// annex B: the Luhn formula).
pub fn looks_like_card_number(text: &str) -> bool {
    let mut digits = Vec::new();
    for character in text.chars() {
        match character.to_digit(10) {
            Some(digit) => digits.push(digit),
            None if matches!(character, ' ' | '-') => {}
            None => return false,
        }
    }
    (13..=19).contains(&digits.len()) && luhn_sum(&digits).is_multiple_of(10)
}

/// Every second digit from the right, beginning with the second, counts twice, its own digits added up.
fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_of_the_card_schemes_are_noticed_and_tokens_are_not() {
        for number in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "5555-5555-5555-4444",
            "378282246310005",
        ] {
            assert!(looks_like_card_number(number), "{number}");
        }
        for other in [
            "tok_visa",
            "4242424242424241",
            "424242424242",
            "",
            "42424242424242424242",
            "tok_4242424242424242",
        ] {
            assert!(!looks_like_card_number(other), "{other}");
        }
    }
}
