//! Text that people typed: trimmed, bounded, and free of control characters.

/// A text that is not fit to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than the field holds.
    #[error("must have at most {max_chars} characters")]
    TooLong {
        /// The most characters the field holds.
        max_chars: usize,
    },
    /// A control character: it could forge a line of a log or a header, and no person typed it on purpose.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// Trims a single line of text and checks it.
///
/// # Errors
/// [`InvalidText`].
pub fn single_line(text: &str, max_chars: usize) -> Result<String, InvalidText> {
    checked(text, max_chars, char::is_control)
}

/// Trims a text of several lines and checks it; line feeds and tabs are allowed.
///
/// # Errors
/// [`InvalidText`].
pub fn multi_line(text: &str, max_chars: usize) -> Result<String, InvalidText> {
    checked(text, max_chars, |character| {
        character.is_control() && !matches!(character, '\n' | '\t')
    })
}

fn checked(text: &str, max_chars: usize, forbidden: impl Fn(char) -> bool) -> Result<String, InvalidText> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        Err(InvalidText::Empty)
    } else if trimmed.chars().count() > max_chars {
        Err(InvalidText::TooLong { max_chars })
    } else if trimmed.contains(forbidden) {
        Err(InvalidText::ControlCharacter)
    } else {
        Ok(trimmed.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_bounded_and_free_of_control_characters() {
        assert_eq!(single_line("  Ada  ", 3), Ok("Ada".to_owned()));
        assert_eq!(single_line(" \n ", 3), Err(InvalidText::Empty));
        assert_eq!(single_line("Adas", 3), Err(InvalidText::TooLong { max_chars: 3 }));
        assert_eq!(
            single_line("a\r\nSet-Cookie: x", 99),
            Err(InvalidText::ControlCharacter)
        );
        assert_eq!(multi_line("a\nb", 3), Ok("a\nb".to_owned()));
        assert_eq!(multi_line("a\0b", 3), Err(InvalidText::ControlCharacter));
    }
}
