//! `postgres://` URLs, read the way `libpq` reads them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What stands before the rest of the URL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The port that a URL means when it names none.
const DEFAULT_PORT: &str = ":5432";
/// The parameters that say which database is meant, beside the URL's authority and path.
const PLACE: [&str; 4] = ["host", "hostaddr", "port", "dbname"];
/// When a connection is given up whose server has gone without a word, unless the URL says otherwise: while it is made (s),
/// while what was sent is not acknowledged (ms), while it is idle (s, s, times). Without them it takes up to two hours.
const LIMITS: [(&str, &str); 5] = [
    ("connect_timeout", "2"),
    ("tcp_user_timeout", "2000"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
];

/// The URL of a database on a server. `libpq` understands it: what it does not understand it would repeat in its
/// complaint, and that may be a piece of the password. Its `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    text: String,
    /// `host:port`, or several of them.
    servers: String,
    /// `user`, `password`, `dbname` and whatever stands behind the question mark, which comes first.
    parameters: BTreeMap<String, String>,
    /// Whether there is a question mark behind the location.
    has_query: bool,
}

/// A text that is no such URL. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not of the form postgres://user:password@host:port/database, where `@`, `/`, `%` and spaces in the password are \
     percent-encoded"
)]
pub struct NotAPostgresUrl;

impl PostgresUrl {
    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL for whoever connects: with limits to how long a server may keep silent.
    pub fn to_connect(&self) -> String {
        let missing = LIMITS.iter().filter(|(name, _value)| self.parameter(name).is_none());
        let limits: Vec<String> = missing.map(|(name, value)| format!("{name}={value}")).collect();
        match &*limits.join("&") {
            "" => self.text.clone(),
            limits if !self.has_query => format!("{}?{limits}", self.text),
            limits if self.text.ends_with(['?', '&']) => format!("{}{limits}", self.text),
            limits => format!("{}&{limits}", self.text),
        }
    }

    /// Whom the server is to take us for, if the URL says so.
    pub fn user(&self) -> Option<&str> {
        self.parameter("user")
    }

    /// How that is proven, if the URL says so.
    pub fn password(&self) -> Option<&str> {
        self.parameter("password")
    }

    /// Whether both name the same database by the same name of the same server. Two names of one server are not
    /// recognized.
    pub fn is_in_the_database_of(&self, other: &Self) -> bool {
        let place = |url: &Self| {
            let servers = url.servers.trim_end_matches(DEFAULT_PORT).to_owned();
            let mut parameters = PLACE.map(|name| url.parameter(name).map(str::to_owned));
            if let [.., database @ None] = &mut parameters {
                *database = url.user().map(str::to_owned);
            }
            (servers, parameters)
        };
        place(self) == place(other)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl FromStr for PostgresUrl {
    type Err = NotAPostgresUrl;

    fn from_str(text: &str) -> Result<Self, NotAPostgresUrl> {
        let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.filter(|rest| !rest.is_empty()).ok_or(NotAPostgresUrl)?;
        // libpq takes what stands before the first `@` for the user, unless there is a slash in it. A second `@` means
        // that the first one belongs to a password, and so does one behind a slash.
        let (user_info, rest) = match rest.split_once('@') {
            Some((user_info, rest)) if !user_info.contains('/') => (user_info, rest),
            _ => ("", rest),
        };
        if rest.contains('@') || text.contains(char::is_whitespace) {
            return Err(NotAPostgresUrl);
        }
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        let has_query = rest.contains('?');
        let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (servers, database) = location.split_once('/').unwrap_or((location, ""));
        if !servers.split(',').all(has_a_port_or_none) {
            return Err(NotAPostgresUrl);
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in [("user", user), ("password", password), ("dbname", database)] {
            if !value.is_empty() {
                parameters.insert(name.to_owned(), decoded(value)?);
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(NotAPostgresUrl)?;
            parameters.insert(decoded(name)?, decoded(value)?);
        }
        Ok(Self {
            text: text.to_owned(),
            servers: decoded(servers)?,
            parameters,
            has_query,
        })
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(...)")
    }
}

/// `host`, `host:port`, `[address]:port`.
fn has_a_port_or_none(server: &str) -> bool {
    let behind_the_host = match server.rsplit_once(']') {
        Some((_address, port)) => port,
        None => server.find(':').map_or("", |colon| server.split_at(colon).1),
    };
    let port = behind_the_host.strip_prefix(':').unwrap_or(behind_the_host);
    port.bytes().all(|byte| byte.is_ascii_digit())
}

fn decoded(text: &str) -> Result<String, NotAPostgresUrl> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(NotAPostgresUrl)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotAPostgresUrl);
        }
        match u8::from_str_radix(digits, 16) {
            // libpq ends a text at a zero byte.
            Err(_) | Ok(0) => return Err(NotAPostgresUrl),
            Ok(byte) => bytes.push(byte),
        }
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).or(Err(NotAPostgresUrl))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn user_and_password_are_read_as_libpq_reads_them() {
        for (text, user, password) in [
            ("postgres://host/shop", None, None),
            ("postgres://shop@host/shop", Some("shop"), None),
            ("postgresql://shop:secret@host/shop", Some("shop"), Some("secret")),
            ("postgres://a%20b:p%40%2fs%25@host", Some("a b"), Some("p@/s%")),
            ("postgres://shop:p:q?r#s@host/shop", Some("shop"), Some("p:q?r#s")),
            (
                "postgres://one@host/shop?user=other&password=x",
                Some("other"),
                Some("x"),
            ),
            ("postgres:///shop?host=/run/postgresql", None, None),
            ("postgres://shop@[::1]:5433,[::2]/shop", Some("shop"), None),
        ] {
            assert_eq!((url(text).user(), url(text).password()), (user, password), "{text}");
            assert_eq!(url(text).as_str(), text);
        }
    }

    #[test]
    fn what_libpq_would_complain_about_is_refused_before_it_can_quote_a_password() {
        for text in [
            "",
            "postgres://",
            "postgres:host",
            "POSTGRES://host",
            "mysql://host",
            "postgres://shop:hunter%zz2@host/shop",
            "postgres://shop:hunter%2@host/shop",
            "postgres://shop:hunter2%@host/shop",
            "postgres://shop:hunter%+2@host/shop",
            "postgres://shop:hunter%002@host/shop",
            "postgres://shop:hunter@2@host/shop",
            "postgres://shop:hunter/2@host/shop",
            "postgres://shop:hunter2",
            "postgres://shop:hun ter2@host/shop",
            "postgres://[::1]:hunter2/shop",
            "postgres://host/shop?hunter2",
        ] {
            assert_eq!(text.parse::<PostgresUrl>(), Err(NotAPostgresUrl), "{text}");
        }
    }

    #[test]
    fn a_database_is_recognized_whoever_connects_to_it() {
        let owner = url("postgres://owner:secret@host/shop");
        for same in [
            "postgres://catalog:other@host/shop",
            "postgresql://host:5432/shop?application_name=x",
        ] {
            assert!(url(same).is_in_the_database_of(&owner), "{same}");
        }
        for other in [
            "postgres://owner:secret@host/other",
            "postgres://owner:secret@host2/shop",
            "postgres://owner:secret@host:5433/shop",
            "postgres://owner:secret@host/shop?host=/run/postgresql",
            "postgres://owner:secret@host",
        ] {
            assert!(!url(other).is_in_the_database_of(&owner), "{other}");
        }
    }

    #[test]
    fn whoever_connects_is_given_limits_unless_the_url_has_them() {
        let all = "connect_timeout=2&tcp_user_timeout=2000&keepalives_idle=10&keepalives_interval=2&keepalives_count=3";
        for text in [
            "postgres://host",
            "postgres://shop:p:q?r#s@one,two:5433/shop",
            "postgres://[::1]:5433/shop",
        ] {
            assert_eq!(url(text).to_connect(), format!("{text}?{all}"));
        }
        let rest = all.replace("connect_timeout=2&", "");
        assert_eq!(
            url("postgres:///shop?host=/run&connect_timeout=7").to_connect(),
            format!("postgres:///shop?host=/run&connect_timeout=7&{rest}")
        );
        let own: Vec<String> = LIMITS.iter().map(|(name, _value)| format!("{name}=9")).collect();
        let own = format!("postgres://host/shop?{}", own.join("&"));
        assert_eq!(url(&own).to_connect(), own);
        for text in ["postgres://host/shop?", "postgres://host/shop?a=b&"] {
            let with_limits = url(&url(text).to_connect());
            assert_eq!(with_limits.parameter("connect_timeout"), Some("2"), "{text}");
        }
    }

    #[test]
    fn debug_output_holds_nothing_of_it() {
        assert!(!format!("{:?}", url("postgres://shop:hunter2@host/shop")).contains("hunter2"));
    }
}
