//! The rules, one sentence and one file each.
//!
//! A rule is three things: its sentence (the file's name), what it finds, and how much it looked at. The last is there
//! because a rule that looks at nothing is always kept.

use crate::finding::Finding;
use crate::tree::Tree;

pub mod every_file_can_be_read;

pub mod every_context_has_a_room_in_every_ring;

pub mod rings_point_inward;

pub mod contexts_meet_only_in_published_ports;

pub mod messages_speak_only_the_shared_kernel;

pub mod contexts_know_each_other_as_declared;

pub mod inner_rings_use_only_their_crates;

pub mod domains_touch_nothing_outside;

pub mod inner_rings_are_synchronous;

pub mod technology_stays_at_home;

pub mod time_and_ids_come_from_ports;

pub mod every_table_has_one_owner;

pub mod sql_names_only_own_tables;

pub mod both_databases_migrate_alike;

pub mod every_operation_has_its_use_case;

pub mod keyed_operations_look_their_key_up;

pub mod the_map_tells_who_calls_and_who_listens;

pub mod nothing_is_reexported_across_rings;

pub mod names_say_what_a_thing_is;

pub mod files_and_functions_stay_short;

pub mod tests_run_and_lints_are_argued;

#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    pub check: fn(&Tree) -> Vec<Finding>,
    /// How many things the rule looked at.
    pub seen: fn(&Tree) -> usize,
}

macro_rules! rules {
    ($($rule:ident),* $(,)?) => {
        &[$(Rule { name: stringify!($rule), check: $rule::check, seen: $rule::seen }),*]
    };
}

pub const ALL: &[Rule] = rules![
    every_file_can_be_read,
    every_context_has_a_room_in_every_ring,
    rings_point_inward,
    contexts_meet_only_in_published_ports,
    messages_speak_only_the_shared_kernel,
    contexts_know_each_other_as_declared,
    inner_rings_use_only_their_crates,
    domains_touch_nothing_outside,
    inner_rings_are_synchronous,
    technology_stays_at_home,
    time_and_ids_come_from_ports,
    every_table_has_one_owner,
    sql_names_only_own_tables,
    both_databases_migrate_alike,
    every_operation_has_its_use_case,
    keyed_operations_look_their_key_up,
    the_map_tells_who_calls_and_who_listens,
    nothing_is_reexported_across_rings,
    names_say_what_a_thing_is,
    files_and_functions_stay_short,
    tests_run_and_lints_are_argued,
];

pub fn named(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name)
}

/// Runs one rule; the same thing said twice of one line is said once.
pub fn findings_of(rule: &Rule, tree: &Tree) -> Vec<Finding> {
    let mut findings = (rule.check)(tree);
    findings.sort();
    findings.dedup();
    findings
}

/// Runs all rules.
pub fn all_findings(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|rule| findings_of(rule, tree)).collect();
    findings.sort();
    findings
}
