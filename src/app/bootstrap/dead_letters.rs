//! `banyan events dead-letters`: what staff do with them over HTTP, at the command line.

use std::fmt::Write as _;

use super::cli::events::{DeadLetters, DiscardLetter, LetterFormat, ListLetters, ReplayLetter, ShowLetter};
use super::operator::{Operator, explain};
use super::program::{NotDone, print};
use super::settings::Settings;
use super::text_table;
use super::wiring::Shop;
use crate::app::shared::dead_letters::office::Office;
use crate::ports::shared::dead_letters::{
    At, DeadLetterId, DiscardDeadLetter, DiscardDeadLetterError, GetDeadLetter, LetterGone, ListDeadLetters,
    ListDeadLettersError, ParkedEvent, ReplayDeadLetter, ReplayDeadLetterError,
};
use crate::ports::shared::failure::Failure;
use crate::ports::shared::page::{Page, PageRequest};

/// Pages read at most: a hundred thousand letters, more than anybody reads. Beyond that the command says so and fails.
const PAGES_MAX: u32 = 1_000;

/// The command was understood, and something stands against it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// Does it.
///
/// # Errors
/// [`NotDone`].
pub fn carry_out(action: &DeadLetters, settings: &Settings) -> Result<(), NotDone> {
    let shop = Shop::open(settings)?;
    let desk = Desk {
        office: &shop.letters,
        operator: Operator::new(&*shop.ids),
    };
    match action {
        DeadLetters::List(which) => desk.list(which),
        DeadLetters::Show(which) => desk.show(which),
        DeadLetters::Replay(which) if which.all => desk.replay_all(which.id.consumer()),
        DeadLetters::Replay(which) => desk.replay(which),
        DeadLetters::Discard(which) => desk.discard(which),
    }
}

struct Desk<'s> {
    office: &'s Office,
    operator: Operator<'s>,
}

impl Desk<'_> {
    fn list(&self, which: &ListLetters) -> Result<(), NotDone> {
        let mut letters = Vec::new();
        self.each_page(which.context.as_deref(), |page| {
            letters.extend(page);
            Ok(())
        })?;
        match which.format {
            LetterFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&letters)?)),
            LetterFormat::Text if letters.is_empty() => print("no dead letters\n"),
            LetterFormat::Text => print(&table(&letters)),
        }
    }

    fn show(&self, which: &ShowLetter) -> Result<(), NotDone> {
        let wish = GetDeadLetter { id: which.id.clone() };
        let found = self.operator.ask(self.office, &At::of(wish));
        let parked = found.map_err(|failure| match failure {
            Failure::Domain(_not_found) => not_found(&which.id),
            failure => refused(&explain(&failure)),
        })?;
        match which.format {
            LetterFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&parked)?)),
            LetterFormat::Text => print(&sheet(&parked)),
        }
    }

    fn replay(&self, which: &ReplayLetter) -> Result<(), NotDone> {
        let mut next = Some(which.id.clone());
        // Bounded by the lane, which only a reader makes longer, far slower than this.
        while let Some(id) = next {
            let gone = self.take_in(&id).map_err(|why| refused(&why))?;
            print(&format!("replayed {}\n", gone.id))?;
            next = match gone.next {
                Some(waits) if which.lane => Some(waits),
                Some(waits) => {
                    print(&next_in_lane(&waits))?;
                    None
                }
                None => None,
            };
        }
        Ok(())
    }

    /// Everything that a consumer has parked. Where one is refused its lane stays, and the others go on.
    fn replay_all(&self, consumer: &str) -> Result<(), NotDone> {
        let (mut replayed, mut left) = (0_u64, 0_u64);
        self.each_page(Some(consumer), |page| {
            for parked in page {
                match self.take_in(&parked.id) {
                    Ok(gone) => {
                        replayed += 1;
                        print(&format!("replayed {}\n", gone.id))?;
                    }
                    Err(why) => {
                        left += 1;
                        print(&format!("not replayed: {why}\n"))?;
                    }
                }
            }
            Ok(())
        })?;
        print(&format!("{replayed} replayed, {left} not\n"))?;
        if left == 0 { Ok(()) } else { Err(NotDone::Found) }
    }

    fn discard(&self, which: &DiscardLetter) -> Result<(), NotDone> {
        let wish = DiscardDeadLetter {
            id: which.id.clone(),
            reason: which.reason.clone(),
        };
        let done = self.operator.ask(self.office, &At::of(wish));
        let gone = done.map_err(|failure| match failure {
            Failure::Domain(DiscardDeadLetterError::NotFound) => not_found(&which.id),
            Failure::Domain(DiscardDeadLetterError::InvalidReason) => NotDone::Wrong(format!(
                "--reason must have 1 to {} characters",
                DiscardDeadLetter::MAX_REASON_CHARS
            )),
            failure => refused(&explain(&failure)),
        })?;
        print(&format!("discarded {}\n", gone.id))?;
        gone.next.map_or(Ok(()), |waits| print(&next_in_lane(&waits)))
    }

    /// One letter; else why not.
    fn take_in(&self, id: &DeadLetterId) -> Result<LetterGone, String> {
        let wish = ReplayDeadLetter { id: id.clone() };
        self.operator
            .ask(self.office, &At::of(wish))
            .map_err(|failure| match failure {
                Failure::Domain(ReplayDeadLetterError::NotFound) => {
                    format!("there is no dead letter {id}: it may have been replayed or discarded")
                }
                Failure::Domain(ReplayDeadLetterError::NotFirst { first }) => {
                    format!("{id} waits behind {first}, which has to be replayed or discarded first")
                }
                Failure::Domain(ReplayDeadLetterError::NoConsumer) => {
                    format!(
                        "{id}: there is no consumer {} any more; it can only be discarded",
                        id.consumer()
                    )
                }
                Failure::Domain(ReplayDeadLetterError::Refused { reason }) => {
                    format!("{id} is refused as before: {reason}")
                }
                Failure::Domain(ReplayDeadLetterError::NotNow { reason }) => {
                    format!("{id} cannot be taken in now: {reason}")
                }
                failure => format!("{id}: {}", explain(&failure)),
            })
    }

    fn each_page(
        &self,
        of: Option<&str>,
        mut take: impl FnMut(Vec<ParkedEvent>) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        let mut after = None;
        for _page in 0..PAGES_MAX {
            let limit = PageRequest::MAX_LIMIT;
            let page = PageRequest { limit, after };
            let wish = ListDeadLetters {
                of: of.map(str::to_owned),
                page,
            };
            let found = self.operator.ask(self.office, &At::of(wish));
            let Page { items, next } = found.map_err(|failure| match failure {
                Failure::Domain(ListDeadLettersError::UnknownContext) => {
                    let known: Vec<&str> = self.office.contexts().collect();
                    let known = known.join(", ");
                    NotDone::Wrong(format!(
                        "no context of this name listens to events: give one of {known}"
                    ))
                }
                failure => refused(&explain(&failure)),
            })?;
            take(items)?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
        Err(refused("there are more dead letters than can be gone through at once"))
    }
}

fn next_in_lane(waits: &DeadLetterId) -> String {
    format!("next in its lane: {waits}\n")
}

fn refused(why: &str) -> NotDone {
    Refused(why.to_owned()).into()
}

fn not_found(id: &DeadLetterId) -> NotDone {
    refused(&format!(
        "there is no dead letter {id}: it may have been replayed or discarded"
    ))
}

/// One line each, in columns. The reason comes last: it has no length that a column could have.
fn table(letters: &[ParkedEvent]) -> String {
    let head = ["ID", "EVENT", "SUBJECT", "AGE", "ATTEMPTS", "REASON"].map(str::to_owned);
    let rows = letters.iter().map(|parked| {
        let event = &parked.letter.event.event;
        [
            parked.id.to_string(),
            event.event_type.clone(),
            event.subject.clone(),
            age(parked.age_ms),
            parked.letter.attempts.to_string(),
            in_one_line(&parked.letter.reason),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    text_table::table(&rows)
}

/// All that is known of one.
fn sheet(parked: &ParkedEvent) -> String {
    let letter = &parked.letter;
    let event = &letter.event.event;
    let payload = serde_json::from_str::<serde_json::Value>(&event.payload)
        .and_then(|payload| serde_json::to_string_pretty(&payload))
        .unwrap_or_else(|_no_json| event.payload.clone());
    let mut text = String::new();
    for (what, is) in [
        ("id", parked.id.to_string()),
        ("consumer", letter.consumer.clone()),
        ("event", format!("{} (version {})", event.event_type, event.version)),
        ("subject", event.subject.clone()),
        ("number in its log", letter.event.seq.to_string()),
        ("occurred at", event.occurred_at.to_string()),
        ("correlation id", event.correlation_id.to_string()),
        (
            "parked at",
            format!("{} ({} ago)", letter.parked_at, age(parked.age_ms)),
        ),
        ("attempts", letter.attempts.to_string()),
        ("reason", in_one_line(&letter.reason)),
    ] {
        let _ = writeln!(text, "{what:18} {is}");
    }
    let _ = writeln!(text, "payload\n{payload}");
    text
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time span in its largest whole unit, rounded down.
fn age(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_whole_unit() {
        for (ms, text) in [
            (0, "0 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (7_199_000, "1 h"),
            (200_000_000, "2 d"),
        ] {
            assert_eq!(age(ms), text);
        }
    }
}
