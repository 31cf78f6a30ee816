//! Every saga, failing at every point in every way, on both databases: it ends, the failing step is the one that was made
//! to fail, nothing is left behind, and the purchase can be tried again.
//!
//! What there is to fail comes from the sagas themselves: they run once undisturbed, and once with their last step failing
//! for good, and every failpoint that they come by, each time, is a cell for every fault that makes sense there. The books
//! are read with SQL ([`books`]).
//!
//! With `BANYAN_SAGA_MATRIX=full` each cell is tried with each of the three baskets on both databases. Else it is tried with
//! one basket, which the seed chooses, and most of what fails at a commit on one of the databases.

mod books;
mod cells;
mod stories;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use banyan::app::orders::sagas::outlines;
use banyan::app::shared::saga::{Outline, StepOutline};
use banyan::ports::shared::failpoint::Reached;

use self::cells::{Cell, Course, Fault, missing_back, missing_forward};
use self::stories::{Death, Market, SHAPES, Story};
use crate::support::databases::{postgres, rand_bits, sqlite};
use crate::support::house::MakeDatabase;

/// Which way a saga goes when nothing strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To its end.
    Forward,
    /// Back from a step, which takes effect and fails for good.
    BackFrom(&'static str),
}

/// Undos that find nothing to undo where a saga comes back from a step, because another undo was there first.
const UNDONE_BY_ANOTHER: [(&str, &str); 1] = [
    // Returning what was sold lets go of it first.
    ("capture_payment", "reserve_stock"),
];

/// How often each point has to have struck, and each undo to have been done, at the least: less shows nothing.
const STRUCK_MIN: [usize; 2] = [1, 5];
const UNDONE_MIN: [usize; 2] = [1, 20];

struct Matrix {
    market: Market,
    story: Story,
    way: Way,
    outline: Outline,
    /// The point that makes the saga go back.
    turning_point: Option<String>,
    is_full: bool,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    cells: usize,
    faults: BTreeMap<&'static str, usize>,
    struck: BTreeMap<String, usize>,
    undone: BTreeMap<String, usize>,
    problems: Vec<String>,
}

fn run(story: Story, way: Way, make: MakeDatabase, database: &str) {
    let began = Instant::now();
    let seed = std::env::var("BANYAN_SAGA_MATRIX_SEED").ok();
    let seed = seed.map_or_else(
        || usize::try_from(rand_bits() % 1_000_000).unwrap(),
        |text| text.parse().unwrap(),
    );
    let way_name = match way {
        Way::Forward => "forward".to_owned(),
        Way::BackFrom(step) => format!("back from {step}"),
    };
    let name = format!("{} {way_name} on {database}", story.kind());
    println!("{name}: seed {seed}");
    let outline = outlines().into_iter().find(|outline| outline.kind == story.kind());
    let outline = outline.expect("the saga of the story");
    let turning_point = match way {
        Way::Forward => None,
        Way::BackFrom(step) => Some(format!("saga.{}.{step}.after", outline.kind)),
    };
    let mut matrix = Matrix {
        market: Market::open(make),
        story,
        way,
        turning_point,
        outline,
        is_full: matrix_is_full(),
        tally: Tally::default(),
    };
    let cells = matrix.cells();
    let of_this_database = |number: usize, cell: &Cell| {
        let is_for_both = !cell.point.starts_with("commit.") || cell.name == "unknown outcome";
        matrix_is_full() || is_for_both || number % 2 == usize::from(database == "SQLite")
    };
    let cells: Vec<Cell> = cells
        .into_iter()
        .enumerate()
        .filter(|(number, cell)| of_this_database(*number, cell))
        .map(|(_number, cell)| cell)
        .collect();
    for (number, cell) in cells.iter().enumerate() {
        let shapes = if matrix.is_full {
            // Points at which little can fail have their turn again, until they have struck often enough.
            let of_the_point = cells.iter().filter(|other| other.point == cell.point).count() * SHAPES.len();
            [0, 1, 2].repeat(STRUCK_MIN[1].div_ceil(of_the_point))
        } else {
            vec![(number + seed) % SHAPES.len()]
        };
        for shape in shapes {
            matrix.try_cell(cell, shape);
        }
    }
    matrix.non_vacuous(&cells);
    report(&name, seed, &matrix.tally, began);
    let problems = &matrix.tally.problems;
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn matrix_is_full() -> bool {
    std::env::var("BANYAN_SAGA_MATRIX").is_ok_and(|form| form == "full")
}

impl Matrix {
    /// What there is to fail: the course of the saga when no more happens than its way asks for.
    fn cells(&mut self) -> Vec<Cell> {
        let trace = self.undisturbed();
        let from = self.turning_point.as_ref().map_or(0, |point| {
            let struck = |reached: &Reached| reached.name == *point && reached.struck;
            trace.iter().rposition(struck).expect("it turns back") + 1
        });
        let course = Course {
            outline: &self.outline,
            trace: &trace,
            from,
        };
        course.cells()
    }

    fn undisturbed(&mut self) -> Vec<Reached> {
        let errand = self.market.prepare(self.story, 0);
        self.market.trial.trace();
        self.turn();
        self.market.tell(&errand);
        self.let_go();
        let trace = self.market.trial.trace();
        self.clear_the_till();
        assert_eq!(self.market.auditor.residue(), Vec::<String>::new(), "undisturbed");
        trace
    }

    fn turn(&self) {
        if let Some(point) = &self.turning_point {
            self.market.trial.arm(point, "return(away)");
        }
    }

    fn let_go(&self) {
        if let Some(point) = &self.turning_point {
            self.market.trial.disarm(point);
        }
    }

    fn try_cell(&mut self, cell: &Cell, shape: usize) {
        let title = format!(
            "{} {:?} at {} #{} ({}), {}",
            cell.name, cell.fault, cell.point, cell.nth, cell.node, SHAPES[shape]
        );
        let before = self.market.auditor.orders();
        let errand = self.market.prepare(self.story, shape);
        self.market.trial.trace();
        self.turn();
        let actions = cell.fault.actions(cell.nth, self.outline.goes_back);
        self.market.trial.arm(&cell.point, &actions);
        let deaths = self.market.tell(&errand);
        self.market.trial.disarm(&cell.point);
        self.let_go();
        let trace = self.market.trial.trace();

        let mut problems = self.judge_course(cell, &trace, &deaths);
        let orders = self.market.auditor.orders();
        let new: Vec<&String> = orders.keys().filter(|id| !before.contains_key(*id)).collect();
        let came_back = if let [order_id] = new[..] {
            let (found, came_back) = self.judge_end(cell, order_id, &orders[order_id].status);
            problems.extend(found);
            came_back
        } else {
            problems.push(format!("{} orders for one purchase", new.len()));
            false
        };
        problems.extend(self.market.auditor.residue());
        self.clear_the_till();
        if came_back {
            problems.extend(self.try_again(shape));
        }
        self.tally.count(cell, &trace);
        let problems = problems.into_iter().map(|problem| format!("{title}: {problem}"));
        self.tally.problems.extend(problems);
    }

    /// The fault struck, where it was meant to, and a process that died of it left the saga at its step or before.
    fn judge_course(&self, cell: &Cell, trace: &[Reached], deaths: &[Death]) -> Vec<String> {
        let mut problems = Vec::new();
        let struck = trace
            .iter()
            .filter(|reached| reached.name == cell.point && reached.struck);
        match (cell.fault, struck.count()) {
            (_, 0) => problems.push("it did not strike".to_owned()),
            (Fault::Lasting, times) if times < 6 => problems.push(format!("it struck {times} times only")),
            _ => {}
        }
        let expected = if cell.fault == Fault::Crash {
            vec![format!("failpoint {} panic", cell.point)]
        } else {
            Vec::new()
        };
        let died_of: Vec<&String> = deaths.iter().map(|death| &death.message).collect();
        if died_of != expected.iter().collect::<Vec<_>>() {
            problems.push(format!("died of {died_of:?}"));
        }
        let steps = &self.outline.steps;
        if let (Some(death), Some(step)) = (deaths.first(), steps.iter().position(|step| step.name == cell.node))
            && cell.point.starts_with("saga.")
        {
            // A step that is local has committed its record with its effect.
            let latest = step + usize::from(steps[step].is_local && cell.point.strip_suffix(".after").is_some());
            let saga = death.sagas.iter().rev().find(|saga| saga.kind == self.outline.kind);
            let saga = saga.expect("the saga had begun");
            if saga.status != "running" || saga.position > latest {
                problems.push(format!(
                    "it was found at {saga:?} although step {step} was not recorded"
                ));
            }
        }
        problems
    }

    /// How the saga has to have ended: by its last write, or back, because of the point that failed for good.
    fn judge_end(&mut self, cell: &Cell, order_id: &str, status: &str) -> (Vec<String>, bool) {
        let mut problems = Vec::new();
        let sagas = self.market.auditor.sagas();
        let own = |saga: &&books::Saga| saga.order_id == order_id && saga.kind == self.outline.kind;
        let own: Vec<_> = sagas.iter().filter(own).collect();
        let [saga] = own[..] else {
            return (vec![format!("{} sagas {own:?}", own.len())], false);
        };
        let failing = match (&self.turning_point, cell.fault) {
            (Some(point), _) => Some(point.as_str()),
            (None, Fault::Lasting) if self.outline.goes_back => Some(cell.point.as_str()),
            (None, _) => None,
        };
        let expected = match failing {
            Some(_) => ("failed", "cancelled"),
            None => ("done", self.story.status_when_done()),
        };
        if (saga.status.as_str(), status) != expected {
            problems.push(format!("{expected:?} expected, but the order is {status} by {saga:?}"));
        }
        if let Some(point) = failing
            && !saga.reason.ends_with(&format!("failpoint {point}"))
        {
            problems.push(format!("{point} failed, but the reason is {:?}", saga.reason));
        }
        (problems, failing.is_some())
    }

    /// The same basket, bought by the same customer, undisturbed.
    fn try_again(&mut self, shape: usize) -> Vec<String> {
        let before = self.market.auditor.orders();
        let errand = self.market.prepare(Story::Checkout, shape);
        self.market.tell(&errand);
        self.market.trial.trace();
        let orders = self.market.auditor.orders();
        let new = orders.iter().filter(|(id, _order)| !before.contains_key(*id));
        let new: Vec<&str> = new.map(|(_id, order)| order.status.as_str()).collect();
        if new == ["confirmed"] {
            Vec::new()
        } else {
            vec![format!("tried again, it is {new:?}")]
        }
    }

    /// Orders that wait for their payment are called off, so that the next cell begins with nothing reserved.
    fn clear_the_till(&mut self) {
        let waiting = self.market.auditor.orders();
        for (order_id, _order) in waiting.iter().filter(|(_id, order)| order.status == "pending") {
            self.market.give_up(order_id);
        }
    }

    /// That every cell that has to be there is, and that what was claimed to happen did.
    fn non_vacuous(&mut self, cells: &[Cell]) {
        let form = usize::from(self.is_full);
        let lacks = match self.way {
            Way::Forward => missing_forward(&self.outline, cells),
            Way::BackFrom(step) => {
                let finds_nothing = |undone: &str| UNDONE_BY_ANOTHER.contains(&(step, undone));
                missing_back(self.steps_undone(), finds_nothing, cells)
            }
        };
        let lacks = lacks.into_iter().map(|lack| format!("no cell for {lack}"));
        self.tally.problems.extend(lacks);
        for cell in cells {
            let times = self.tally.struck.get(&cell.point).copied().unwrap_or(0);
            if times < STRUCK_MIN[form] {
                self.tally
                    .problems
                    .push(format!("{} struck {times} times only", cell.point));
            }
        }
        let undone: Vec<&str> = self.steps_undone().iter().map(|step| step.name).collect();
        for name in undone {
            let times = self.tally.undone.get(name).copied().unwrap_or(0);
            if times < UNDONE_MIN[form] {
                self.tally
                    .problems
                    .push(format!("{name} was undone {times} times only"));
            }
        }
    }

    /// Those up to the one that makes the saga go back.
    fn steps_undone(&self) -> &[StepOutline] {
        let steps = &self.outline.steps;
        match self.way {
            Way::Forward => &[],
            Way::BackFrom(name) => {
                let last = steps.iter().position(|step| step.name == name);
                &steps[..=last.expect("a step of the saga")]
            }
        }
    }
}

impl Tally {
    fn count(&mut self, cell: &Cell, trace: &[Reached]) {
        self.cells += 1;
        *self.faults.entry(cell.name).or_default() += 1;
        for reached in trace {
            if reached.struck && reached.name == cell.point {
                *self.struck.entry(reached.name.clone()).or_default() += 1;
            }
            if let Some(undone) = reached.name.strip_suffix(".undo.after") {
                let step = undone.rsplit('.').next().unwrap();
                *self.undone.entry(step.to_owned()).or_default() += 1;
            }
        }
    }
}

/// Printed, and left in the folder `BANYAN_SAGA_MATRIX_REPORTS` where that is set: a runner shows what passing tests say to
/// nobody.
fn report(name: &str, seed: usize, tally: &Tally, began: Instant) {
    let mut text = format!(
        "{name}: seed {seed}, {} cells, {} problems, {:.1} s\n",
        tally.cells,
        tally.problems.len(),
        began.elapsed().as_secs_f64()
    );
    let mut lines = |title: &str, counts: &mut dyn Iterator<Item = (&str, usize)>| {
        for (what, times) in counts {
            writeln!(text, "  {title} {times:5}  {what}").unwrap();
        }
    };
    lines("cells", &mut tally.faults.iter().map(|(what, times)| (*what, *times)));
    lines(
        "struck",
        &mut tally.struck.iter().map(|(what, times)| (what.as_str(), *times)),
    );
    lines(
        "undone",
        &mut tally.undone.iter().map(|(what, times)| (what.as_str(), *times)),
    );
    println!("{text}");
    if let Ok(folder) = std::env::var("BANYAN_SAGA_MATRIX_REPORTS") {
        std::fs::write(format!("{folder}/{}.txt", name.replace(' ', "-")), text).unwrap();
    }
}

/// Where sagas turn back. Each that can does so from its last step, which is behind all others.
const TURNED_FROM: [(&str, &str); 4] = [
    ("checkout", "capture_payment"),
    ("checkout", "authorize_payment"),
    ("checkout_paid_later", "request_payment"),
    ("settle", "commit_reservation"),
];

#[test]
fn every_saga_has_its_story_and_goes_back_from_its_last_step() {
    for outline in outlines().into_iter().filter(|outline| outline.goes_back) {
        let last = outline.steps.last().unwrap().name;
        assert!(TURNED_FROM.contains(&(outline.kind, last)), "{}", outline.kind);
    }

    let mut kinds: Vec<&str> = outlines().iter().map(|outline| outline.kind).collect();
    let mut told = Story::ALL.map(Story::kind).to_vec();
    kinds.sort_unstable();
    told.sort_unstable();
    assert_eq!(kinds, told);
}

macro_rules! on_both {
    ($($name:ident: $story:ident $way:expr),+ $(,)?) => {
        mod on_sqlite {
            use super::*;
            $(#[test] fn $name() { run(Story::$story, $way, sqlite, "SQLite"); })+
        }
        mod on_postgres {
            use super::*;
            $(#[test] fn $name() { run(Story::$story, $way, postgres, "PostgreSQL"); })+
        }
    };
}

on_both!(
    a_checkout_is_finished_whatever_fails_at_any_point: Checkout Way::Forward,
    a_checkout_goes_back_whatever_fails_on_the_way: Checkout Way::BackFrom(TURNED_FROM[0].1),
    a_checkout_goes_back_before_anything_is_sold: Checkout Way::BackFrom(TURNED_FROM[1].1),
    a_checkout_paid_later_is_finished_whatever_fails_at_any_point: CheckoutPaidLater Way::Forward,
    a_checkout_paid_later_goes_back_whatever_fails_on_the_way: CheckoutPaidLater Way::BackFrom(TURNED_FROM[2].1),
    a_payment_is_settled_whatever_fails_at_any_point: Settle Way::Forward,
    a_payment_goes_back_whatever_fails_on_the_way: Settle Way::BackFrom(TURNED_FROM[3].1),
    an_order_is_cancelled_whatever_fails_at_any_point: Cancel Way::Forward,
);
