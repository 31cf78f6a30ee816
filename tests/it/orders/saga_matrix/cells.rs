//! The cells of the matrix, read from what a saga did when nothing struck: every point that it came by, each time, with
//! every way in which the program can fail there.

use std::collections::{BTreeMap, BTreeSet};

use banyan::app::shared::saga::{Outline, StepOutline};
use banyan::ports::shared::failpoint::Reached;

/// How the program fails at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It says that something is away, whenever it is asked.
    Lasting,
    /// It says so once.
    Once,
    /// It says once that nobody knows whether the commit stands.
    Unknown,
    /// The process dies.
    Crash,
}

/// Attempts that fail before a saga that cannot go back gets on: more than one that can would make.
const LASTING_FORWARD_ONLY: usize = 9;

impl Fault {
    /// In the words of the crate `fail`, at the `nth` time that the point is reached.
    pub fn actions(self, nth: usize, goes_back: bool) -> String {
        let skip = if nth > 1 {
            format!("{}*off->", nth - 1)
        } else {
            String::new()
        };
        match self {
            Self::Lasting if goes_back => format!("{skip}return(away)"),
            Self::Lasting => format!("{skip}{LASTING_FORWARD_ONLY}*return(away)"),
            Self::Once => format!("{skip}1*return(away)"),
            Self::Unknown => format!("{skip}1*return(unknown)"),
            Self::Crash => format!("{skip}1*panic"),
        }
    }
}

/// One way to fail at one place.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The failpoint.
    pub point: String,
    /// The time that it is reached, from 1.
    pub nth: usize,
    /// What happens there.
    pub fault: Fault,
    /// The step, or undo, within which it is.
    pub node: String,
    /// What it is called in reports.
    pub name: &'static str,
}

/// What a saga did, and with which part of its table.
pub struct Course<'a> {
    pub outline: &'a Outline,
    pub trace: &'a [Reached],
    /// Places in the trace before it are somebody else's to try.
    pub from: usize,
}

impl Course<'_> {
    /// All cells.
    pub fn cells(&self) -> Vec<Cell> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        let mut node = "between steps".to_owned();
        let mut cells = Vec::new();
        for (place, reached) in self.trace.iter().enumerate() {
            let point = reached.name.as_str();
            let nth = times.entry(point).or_default();
            *nth += 1;
            if let Some(begun) = self.node_of(point, ".before") {
                node = begun;
            }
            if place >= self.from {
                cells.extend(self.ways_to_fail(point).iter().map(|(fault, name)| Cell {
                    point: point.to_owned(),
                    nth: *nth,
                    fault: *fault,
                    node: node.clone(),
                    name,
                }));
            }
            if self.node_of(point, ".after").is_some() {
                "between steps".clone_into(&mut node);
            }
        }
        cells
    }

    /// `reserve_stock` of `saga.checkout.reserve_stock.before`.
    fn node_of(&self, point: &str, end: &str) -> Option<String> {
        let of_the_saga = point.strip_prefix(&format!("saga.{}.", self.outline.kind))?;
        let node = of_the_saga.strip_suffix(end)?;
        (node != "record").then(|| node.to_owned())
    }

    fn step(&self, node: &str) -> Option<&StepOutline> {
        self.outline.steps.iter().find(|step| step.name == node)
    }

    fn ways_to_fail(&self, point: &str) -> &'static [(Fault, &'static str)] {
        use Fault::{Crash, Lasting, Once, Unknown};
        // What the provider cannot write it has refused: an end like any other (`checkout_saga.rs`), and no fault of ours.
        if point == "commit.simulator.before" {
            return &[(Crash, "crash before a commit")];
        }
        if point.starts_with("commit.") {
            return if point.strip_suffix(".before").is_some() {
                &[
                    (Once, "a commit fails"),
                    (Unknown, "unknown outcome, not committed"),
                    (Crash, "crash before a commit"),
                ]
            } else {
                &[(Unknown, "unknown outcome"), (Crash, "crash after a commit")]
            };
        }
        if point.starts_with("event_reader.") {
            return &[(Once, "the event reader fails"), (Crash, "the event reader crashes")];
        }
        let Some(of_the_saga) = point.strip_prefix(&format!("saga.{}.", self.outline.kind)) else {
            panic!("{point} is a point of which nobody thought");
        };
        match of_the_saga {
            "record.before" => &[
                (Once, "the record fails"),
                (Unknown, "the record's outcome is unknown"),
                (Crash, "crash after the effect and before its record is written"),
            ],
            "record.after" => &[
                (Unknown, "the record's outcome is unknown"),
                (Crash, "crash after the record"),
            ],
            "finish.before" => &[
                (Lasting, "error before"),
                (Once, "one error before"),
                (Crash, "crash before"),
            ],
            "fail.before" => &[(Once, "undo fails once"), (Crash, "crash before an undo")],
            "finish.after" | "fail.after" => &[
                (Unknown, "unknown outcome"),
                (Crash, "crash after the effect and before its record"),
            ],
            undo if undo.strip_suffix(".undo.before").is_some() => {
                &[(Once, "undo fails once"), (Crash, "crash before an undo")]
            }
            undo if undo.strip_suffix(".undo.after").is_some() => {
                &[(Once, "undo twice"), (Crash, "crash after an undo")]
            }
            before if before.strip_suffix(".before").is_some() => &[(Lasting, "error before"), (Crash, "crash before")],
            after => {
                let name = after.strip_suffix(".after").unwrap();
                // Its effect is its record: there is no error between the two, only a commit of which nobody knows.
                if self.step(name).unwrap().is_local {
                    &[
                        (Unknown, "unknown outcome"),
                        (Crash, "crash after the effect and before its record"),
                    ]
                } else {
                    &[
                        (Lasting, "error after the effect"),
                        (Crash, "crash after the effect and before its record"),
                        (Once, "action twice"),
                    ]
                }
            }
        }
    }
}

/// What is asked of each step, and these cells do not have.
pub fn missing_forward(outline: &Outline, cells: &[Cell]) -> Vec<String> {
    let mut wanted: Vec<(String, &str)> = Vec::new();
    for step in &outline.steps {
        let mut want = |name| wanted.push((step.name.to_owned(), name));
        want("error before");
        want("crash before");
        want("crash after the effect and before its record");
        if !step.is_local {
            want("error after the effect");
            want("action twice");
        }
        if step.acts {
            want("unknown outcome");
        }
    }
    wanted.extend(["error before", "crash before", "unknown outcome"].map(|name| ("finish".to_owned(), name)));
    missing(wanted, cells)
}

/// What is asked of the undo of each of these steps, and these cells do not have. `finds_nothing` tells undos that have
/// nothing to commit.
pub fn missing_back(steps: &[StepOutline], finds_nothing: impl Fn(&str) -> bool, cells: &[Cell]) -> Vec<String> {
    let mut wanted: Vec<(String, &str)> = Vec::new();
    for step in steps {
        let node = format!("{}.undo", step.name);
        for name in [
            "undo fails once",
            "undo twice",
            "crash before an undo",
            "crash after an undo",
        ] {
            wanted.push((node.clone(), name));
        }
        if step.undoes && !finds_nothing(step.name) {
            wanted.push((node, "unknown outcome"));
        }
    }
    wanted.extend(["undo fails once", "unknown outcome"].map(|name| ("fail".to_owned(), name)));
    missing(wanted, cells)
}

fn missing(wanted: Vec<(String, &str)>, cells: &[Cell]) -> Vec<String> {
    let have: BTreeSet<(&str, &str)> = cells.iter().map(|cell| (cell.node.as_str(), cell.name)).collect();
    let lacks = |(node, name): &(String, &str)| !have.contains(&(node.as_str(), *name));
    let wanted = wanted.into_iter().filter(lacks);
    wanted.map(|(node, name)| format!("{node}: {name}")).collect()
}
