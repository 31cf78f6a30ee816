//! domains <- ports <- {app | adapters} <- app/bootstrap <- main: an inner ring never names an outer one, and what is
//! shared never names a context.
//!
//! Test modules are exempt: a use case's unit test may drive it through a store of the adapters.

use crate::finding::Finding;
use crate::place::{Place, Ring, Room};
use crate::source::{PathUse, Target};
use crate::tree::{Source, Tree};

const RULE: &str = "rings_point_inward";

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.package()
        .flat_map(|source| source.shipped_paths().filter_map(|path| judge(tree, source, path)))
        .collect()
}

pub fn seen(tree: &Tree) -> usize {
    tree.package().filter(|source| source.place.ring != Ring::Root).count()
}

fn judge(tree: &Tree, source: &Source, path: &PathUse) -> Option<Finding> {
    let broken = [&path.target, &path.canonical].into_iter().find_map(|target| {
        let Target::Crate(segments) = target else { return None };
        let to = Place::of(segments, &tree.contexts);
        let advice = forbidden(&source.place, &to, segments)?;
        Some((target, advice))
    });
    let (target, advice) = broken?;
    let message = format!("{} names `{}`; {advice}", source.place.spoken(), target.spoken());
    Some(Finding::new(RULE, &source.file, path.line, message))
}

/// Why code at `from` may not name `to`, as advice; nothing if it may.
fn forbidden(from: &Place, to: &Place, path: &[String]) -> Option<&'static str> {
    if path.is_empty() || from.ring == Ring::Bootstrap {
        return None;
    }
    let allowed = match (from.ring, to.ring) {
        (_, Ring::Main) => return Some("nothing can name the binary"),
        (Ring::Main | Ring::Root, Ring::Bootstrap) => true,
        (Ring::Main, _) => path == ["app"],
        (Ring::Root, _) | (_, Ring::Root) => false,
        (from_ring, to_ring) => knows(from_ring, to_ring) && rooms_agree(from, to),
    };
    if allowed { None } else { Some(advice(from, to)) }
}

fn knows(from: Ring, to: Ring) -> bool {
    match from {
        Ring::Domains => to == Ring::Domains,
        Ring::Ports => matches!(to, Ring::Domains | Ring::Ports),
        Ring::App => matches!(to, Ring::Domains | Ring::Ports | Ring::App),
        Ring::Adapters => matches!(to, Ring::Domains | Ring::Ports | Ring::Adapters),
        Ring::Bootstrap | Ring::Main | Ring::Root => true,
    }
}

/// One context naming another is the business of `contexts_meet_only_in_published_ports`.
fn rooms_agree(from: &Place, to: &Place) -> bool {
    match from.room {
        Room::Shared => matches!(to.room, Room::Shared | Room::Whole),
        Room::Whole => from.ring == to.ring,
        Room::Context(_) | Room::Unknown => true,
    }
}

fn advice(from: &Place, to: &Place) -> &'static str {
    match (from.ring, to.ring) {
        (_, Ring::Bootstrap) => {
            "only main.rs may name the composition root: take what you need as a constructor's argument"
        }
        (Ring::Main, _) => "main.rs parses the command line and hands over to app::bootstrap: do this there",
        (Ring::Root, _) => "lib.rs declares the rings and nothing else: name the thing where it is used",
        (_, Ring::Root) => "the crate's root holds nothing but the rings: name the thing where it is defined",
        (Ring::Domains, ring) if ring != Ring::Domains => {
            "a business rule knows only business rules: pass the value in, or move this code outward"
        }
        (Ring::Ports, Ring::App | Ring::Adapters) => {
            "a port is what others implement: describe the need as a trait here"
        }
        (Ring::App, Ring::Adapters) => "a use case knows ports only: declare a trait in ports/<context>/outbound.rs",
        (Ring::Adapters, Ring::App) => {
            "an adapter calls its context through the trait in ports/<context>/operations.rs"
        }
        _ if from.room == Room::Shared => {
            "what is shared serves every context and knows none: move it into that context's room"
        }
        _ => "a ring's own file declares its rooms and nothing else: move this into a room",
    }
}
