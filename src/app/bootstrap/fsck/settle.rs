//! A living shop moves while it is read: what looks wrong at first may only have been read at two moments.

use super::Course;
use super::report::{FsckError, Violation};

/// Suspects that are looked at again together. Enough for every order that can be on its way between two pages.
pub(super) const SUSPECTS_AT_ONCE: usize = 1_000;

/// Looks at each suspect again until it looks right or patience ends. Returns what is still wrong then, as it was seen
/// last.
pub(super) fn settle<S>(
    suspects: Vec<S>,
    course: Course<'_>,
    look_again: impl Fn(&S) -> Result<Vec<Violation>, FsckError>,
) -> Result<Vec<Violation>, FsckError> {
    let mut left: Vec<(S, Vec<Violation>)> = suspects.into_iter().map(|suspect| (suspect, Vec::new())).collect();
    // Once at least: a suspect is only known to have looked wrong at some time.
    for _round in 0..course.patience.rounds.max(1) {
        if left.is_empty() {
            break;
        }
        course.pause()?;
        let mut still_wrong = Vec::new();
        for (suspect, _before) in left {
            let violations = look_again(&suspect)?;
            if !violations.is_empty() {
                still_wrong.push((suspect, violations));
            }
        }
        left = still_wrong;
    }
    Ok(left.into_iter().flat_map(|(_suspect, violations)| violations).collect())
}
