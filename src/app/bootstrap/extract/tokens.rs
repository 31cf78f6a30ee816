//! Rust source as far as names go: words, texts and marks, without comments.

/// A piece of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A keyword or a name.
    Word(&'t str),
    /// What stands between two quotation marks.
    Text(&'t str),
    /// Any other character.
    Mark(char),
}

/// The pieces of a source that compiles.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_comment, rest)| rest);
        } else if rest.starts_with("/*") {
            rest = behind_block_comment(rest);
        } else if let Some((text, behind)) = raw_text(rest).or_else(|| text(rest)) {
            tokens.push(Token::Text(text));
            rest = behind;
        } else if first == '\'' {
            rest = behind_character_or_lifetime(rest);
        } else if first.is_alphanumeric() || first == '_' {
            let (word, behind) = word(rest);
            tokens.push(Token::Word(word));
            rest = behind;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            rest = behind(rest, first.len_utf8());
        }
    }
    tokens
}

fn behind(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

fn word(rest: &str) -> (&str, &str) {
    let end = rest
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(rest.len());
    rest.split_at_checked(end).unwrap_or((rest, ""))
}

/// Block comments nest.
fn behind_block_comment(rest: &str) -> &str {
    let mut depth = 0_u32;
    let mut rest = rest;
    loop {
        if let Some(behind) = rest.strip_prefix("/*") {
            depth += 1;
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = behind;
        } else {
            let Some(first) = rest.chars().next() else { return "" };
            rest = behind(rest, first.len_utf8());
        }
        if depth == 0 {
            return rest;
        }
    }
}

/// `r"..."`, `r#"..."#` and the like, and what is behind it.
fn raw_text(rest: &str) -> Option<(&str, &str)> {
    let raw = rest.strip_prefix('r').or_else(|| rest.strip_prefix("br"))?;
    let opened = raw.trim_start_matches('#');
    let hashes = raw.get(..raw.len() - opened.len())?;
    opened.strip_prefix('"')?.split_once(&format!("\"{hashes}"))
}

/// `"..."` and what is behind it.
fn text(rest: &str) -> Option<(&str, &str)> {
    let text = rest.strip_prefix('"').or_else(|| rest.strip_prefix("b\""))?;
    let mut escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })?;
    Some((text.get(..end)?, behind(text, end + 1)))
}

/// Neither is a name.
fn behind_character_or_lifetime(rest: &str) -> &str {
    let quoted = behind(rest, 1);
    let mut characters = quoted.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), Some(escaped)) => {
            let end = behind(quoted, 1 + escaped.len_utf8());
            end.split_once('\'').map_or("", |(_escape, rest)| rest)
        }
        (Some(character), Some('\'')) => behind(quoted, character.len_utf8() + 1),
        _ => word(quoted).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_texts_and_marks_are_left() {
        let source = r##"/* a /* b */ c */ fn f<'a>(x: &'a str) { // g::h
            'x'; '\''; "t\"u"; r#"v"w"#; k::l }"##;
        let words: Vec<_> = tokens(source)
            .into_iter()
            .filter(|token| !matches!(token, Token::Mark(_)))
            .collect();
        let expected = [
            Token::Word("fn"),
            Token::Word("f"),
            Token::Word("x"),
            Token::Word("str"),
            Token::Text("t\\\"u"),
            Token::Text("v\"w"),
            Token::Word("k"),
            Token::Word("l"),
        ];
        assert_eq!(words, expected);
    }
}
