//! How names are compared: in whatever case.

/// The form of a text in which it is searched and sorted: lower case by Unicode's rules, so that both databases, which
/// know different alphabets, give the same answers.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}
