//! SQL text as words with lines; comments and quoted strings are gone.

/// A name, a keyword or one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Lower case.
    pub text: String,
    pub line: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Written in capitals: `FROM`.
    Shouted,
    Plain,
    /// `"order"`: never a keyword.
    Quoted,
    Symbol,
}

impl Word {
    pub fn is_name(&self) -> bool {
        self.kind != Kind::Symbol
    }

    pub fn is(&self, text: &str) -> bool {
        self.kind != Kind::Quoted && self.text == text
    }
}

/// Splits SQL into words. `first_line` is the line the text starts on.
pub fn words(sql: &str, first_line: usize) -> Vec<Word> {
    let mut reader = Reader {
        rest: sql,
        line: first_line,
        words: Vec::new(),
    };
    while reader.step() {}
    reader.words
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("--") {
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
        } else if first == '\'' {
            self.quoted_string();
        } else if first == '"' || first == '`' {
            self.quoted_name(first);
        } else if first.is_alphabetic() || first == '_' {
            self.name();
        } else {
            if !first.is_whitespace() {
                self.push(first.to_string(), Kind::Symbol);
            }
            self.skip(first.len_utf8());
        }
        true
    }

    /// `''` inside a string is read as two strings, which comes to the same.
    fn quoted_string(&mut self) {
        let length = self
            .rest
            .get(1..)
            .and_then(|tail| tail.find('\''))
            .map_or(self.rest.len(), |end| end + 2);
        self.push("'".to_owned(), Kind::Symbol);
        self.skip(length);
    }

    fn quoted_name(&mut self, quote: char) {
        let tail = self.rest.get(1..).unwrap_or_default();
        let end = tail.find(quote).unwrap_or(tail.len());
        let name = tail.get(..end).unwrap_or_default().to_lowercase();
        self.push(name, Kind::Quoted);
        self.skip((end + 2).min(self.rest.len()));
    }

    fn name(&mut self) {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let name = self.rest.get(..end).unwrap_or_default();
        let kind = if name.chars().any(char::is_lowercase) {
            Kind::Plain
        } else {
            Kind::Shouted
        };
        self.push(name.to_lowercase(), kind);
        self.skip(end);
    }

    fn push(&mut self, text: String, kind: Kind) {
        self.words.push(Word {
            text,
            line: self.line,
            kind,
        });
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

/// Tells a query from an error message that happens to say "from": it has the shape of a statement.
pub fn looks_like_sql(words: &[Word]) -> bool {
    const SHAPES: &[(&str, &str)] = &[
        ("select", "from"),
        ("delete", "from"),
        ("insert", "into"),
        ("update", "set"),
        ("join", "on"),
    ];
    SHAPES.iter().any(|(first, second)| {
        let start = words.iter().position(|word| word.is(first));
        start.is_some_and(|start| words.iter().skip(start).any(|word| word.is(second)))
    })
}
