//! Where code stands in the house: its ring, and its room in that ring.

use std::collections::BTreeSet;

use crate::declared::{BOOTSTRAP, SHARED};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    Domains,
    Ports,
    App,
    Adapters,
    Bootstrap,
    /// The binary's `main.rs`.
    Main,
    /// `lib.rs`, and whatever is not in a ring.
    Root,
}

/// The rings that have a room for each context, with their directory under `src/`.
pub const RINGS_WITH_ROOMS: &[(&str, Ring)] = &[
    ("domains", Ring::Domains),
    ("ports", Ring::Ports),
    ("app", Ring::App),
    ("adapters", Ring::Adapters),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// The ring itself: `src/ports/mod.rs`, or the bare path `crate::ports`.
    Whole,
    Shared,
    Context(String),
    /// Something in a ring which is no context: the layout rule reports it.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub ring: Ring,
    pub room: Room,
}

/// The module of `main.rs`: a binary is a crate of its own, and its names must not mix with those of the library.
pub const MAIN_MODULE: &str = "main";

impl Place {
    /// The place of a module path below the crate's root, without the leading `crate`.
    pub fn of(path: &[String], contexts: &BTreeSet<String>) -> Self {
        let mut segments = path.iter().map(String::as_str);
        let first = segments.next().unwrap_or_default();
        if first == MAIN_MODULE {
            return Self {
                ring: Ring::Main,
                room: Room::Whole,
            };
        }
        let Some((_, ring)) = RINGS_WITH_ROOMS.iter().find(|(name, _)| *name == first) else {
            return Self {
                ring: Ring::Root,
                room: Room::Whole,
            };
        };
        match segments.next() {
            None | Some("*") => Self {
                ring: *ring,
                room: Room::Whole,
            },
            Some(SHARED) => Self {
                ring: *ring,
                room: Room::Shared,
            },
            Some(BOOTSTRAP) if *ring == Ring::App => Self {
                ring: Ring::Bootstrap,
                room: Room::Whole,
            },
            Some(name) if contexts.contains(name) => Self {
                ring: *ring,
                room: Room::Context(name.to_owned()),
            },
            Some(_) => Self {
                ring: *ring,
                room: Room::Unknown,
            },
        }
    }

    pub fn context(&self) -> Option<&str> {
        match &self.room {
            Room::Context(name) => Some(name),
            _ => None,
        }
    }

    /// How a reader calls this place.
    pub fn spoken(&self) -> String {
        let ring = match self.ring {
            Ring::Domains => "domains",
            Ring::Ports => "ports",
            Ring::App => "app",
            Ring::Adapters => "adapters",
            Ring::Bootstrap => return "app/bootstrap".to_owned(),
            Ring::Main => return "main.rs".to_owned(),
            Ring::Root => return "the crate's root".to_owned(),
        };
        match &self.room {
            Room::Whole | Room::Unknown => ring.to_owned(),
            Room::Shared => format!("{ring}/{SHARED}"),
            Room::Context(name) => format!("{ring}/{name}"),
        }
    }
}

/// Whether a module path lies under a pattern like `adapters/*/sql`.
pub fn is_under(module: &[String], pattern: &str) -> bool {
    let wanted: Vec<&str> = pattern.split('/').collect();
    module.len() >= wanted.len()
        && wanted
            .iter()
            .zip(module)
            .all(|(want, have)| *want == "*" || want == have)
}
