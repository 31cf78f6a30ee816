//! The tables a reviewer edits: everything here is a decision, everything elsewhere is how a decision is checked.
//!
//! To let one context call another, add a line to [`BANYAN`]`.calls`; to let it listen, one to `.listens`. The diff of
//! this file is then the review of the coupling.

/// The name under which the package's own code may be named from outside (`banyan::app::..`).
pub const PACKAGE: &str = "banyan";

/// The room of a ring that belongs to no context.
pub const SHARED: &str = "shared";

/// The composition root: a room of `app` on disk, a ring of its own in the picture.
pub const BOOTSTRAP: &str = "bootstrap";

/// The modules of a context's ports which other contexts may name.
pub const PUBLISHED: &[&str] = &["operations", "events"];

/// Who may know whom. An edge reads left to right: `("orders", "catalog")` is "orders knows catalog".
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    pub contexts: &'static [&'static str],
    /// Synchronous: the first calls operations of the second. Must have no cycle.
    pub calls: &'static [(&'static str, &'static str)],
    /// Asynchronous: the first listens to events of the second. May close a loop, because nobody waits.
    pub listens: &'static [(&'static str, &'static str)],
}

pub const BANYAN: Graph = Graph {
    contexts: &["identity", "catalog", "orders", "payments", "inventory"],
    calls: &[
        ("orders", "catalog"),
        ("orders", "inventory"),
        ("orders", "payments"),
        ("orders", "identity"),
    ],
    listens: &[
        ("catalog", "inventory"),
        ("orders", "payments"),
        ("orders", "inventory"),
    ],
};

/// What `domains` may be built from: data types and their derives, nothing that can reach the outside world. `schemars`
/// is one of the derives: a value of the shared kernel says itself what it looks like in a message.
pub const CRATES_OF_DOMAINS: &[&str] = &[
    "std",
    "core",
    "alloc",
    "serde",
    "thiserror",
    "uuid",
    "chrono",
    "rust_decimal",
    "iso_currency",
    "schemars",
];

/// What `ports` may use beside [`CRATES_OF_DOMAINS`]: messages are JSON at every boundary, and two processes compare their
/// contracts by a digest, which is arithmetic and no technology that one would replace. `fail` is there in tests alone: the
/// points at which they have the program fail are named in `app` and in `adapters`, so their home is what both may know.
pub const MORE_CRATES_OF_PORTS: &[&str] = &["serde_json", "sha2", "fail"];

/// What `app` may not use: a use case that names one of these cannot be tested without it.
pub const CRATES_KEPT_OUT_OF_APP: &[&str] = &[
    "diesel",
    "actix_web",
    "lapin",
    "tokio",
    "ureq",
    "rustls",
    "r2d2",
    "jsonwebtoken",
    "argon2",
];

/// Paths that do I/O or read a clock although their crate is allowed.
pub const IMPURE_PATHS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::io",
    "std::process",
    "std::thread",
    "std::env",
    "std::time::SystemTime",
    "std::time::Instant",
];

/// Functions that read the clock or make an id: the last two segments of their path.
pub const CLOCK_AND_ID_FUNCTIONS: &[(&str, &str)] = &[
    ("Utc", "now"),
    ("Local", "now"),
    ("SystemTime", "now"),
    ("Uuid", "now_v7"),
    ("Uuid", "new_v4"),
];

/// Where the `Clock` and `IdSource` ports are implemented and wired.
pub const HOMES_OF_CLOCK_AND_IDS: &[&str] = &["adapters/shared", "app/bootstrap"];

/// Crates of one technology and the only places that may name them (`*` stands for any one room).
#[derive(Clone, Copy, Debug)]
pub struct Technology {
    pub crates: &'static [&'static str],
    pub homes: &'static [&'static str],
}

pub const TECHNOLOGIES: &[Technology] = &[
    Technology {
        crates: &["diesel", "diesel_migrations", "r2d2"],
        homes: &["adapters/*/sql", "adapters/payments/providers"],
    },
    Technology {
        crates: &["actix_web"],
        // The simulated payment provider is a server when it runs as a process of its own.
        homes: &["adapters/*/http", "adapters/payments/providers", "app/bootstrap"],
    },
    Technology {
        // Tests have the program fail through one macro; nothing else in it may know of them.
        crates: &["fail"],
        homes: &["ports/shared/failpoint"],
    },
    Technology {
        crates: &["lapin"],
        homes: &["adapters/shared/messaging"],
    },
    Technology {
        crates: &["ureq"],
        homes: &["adapters/shared/remote", "adapters/payments/providers"],
    },
    Technology {
        // TLS between processes. The server is given what it needs, and does not name it.
        crates: &["rustls"],
        homes: &["adapters/shared/remote"],
    },
    Technology {
        crates: &["clap", "indicatif"],
        homes: &["app/bootstrap", "main"],
    },
    Technology {
        crates: &["argon2"],
        homes: &["adapters/identity"],
    },
    Technology {
        // Keys of access tokens, and the signatures of webhooks.
        crates: &["aws_lc_rs"],
        homes: &["adapters/identity", "adapters/payments/providers"],
    },
    Technology {
        // Access tokens of people, and the tokens by which processes of one shop know each other.
        crates: &["jsonwebtoken"],
        homes: &[
            "adapters/identity",
            "adapters/shared/access_tokens",
            "adapters/shared/remote",
        ],
    },
];

/// Names that say where code was put instead of what it is.
pub const NAMES_THAT_SAY_NOTHING: &[&str] = &[
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "types",
    "transformers",
];

/// A file that is longer holds more than one subject (style rule 5).
pub const LINES_PER_FILE_MAX: usize = 500;

/// A function that is longer does not fit a screen (style rule 5).
pub const LINES_PER_FUNCTION_MAX: usize = 70;
