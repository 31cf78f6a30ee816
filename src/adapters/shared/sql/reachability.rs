//! What the connections of a pool know of their server together: so that one of them finds out what all need to know.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pause after a failed attempt to connect, for all who would try: a pool in need of many connections asks a server that
/// comes up as often as one in need of a single one.
const PAUSE_BETWEEN_ATTEMPTS: Duration = Duration::from_millis(200);
/// A server that could not be reached for so long is away: nobody waits for it as for one that is about to answer.
const AWAY_AFTER: Duration = Duration::from_secs(1);
/// A connection that took so long to turn out broken was not closed: what it was connected to says nothing any more.
const SILENCE: Duration = Duration::from_millis(500);

/// Whether a server can be reached, as far as is known. Time is told by the caller.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The first and the last attempt since the last one that succeeded.
    failed: Option<(Instant, Instant)>,
    /// Connections that were opened before end at a server that has gone without a word.
    silent_since: Option<Instant>,
}

impl Reachability {
    /// Whether an attempt to connect is due: none has failed just now.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        let last = self.known().failed.map(|(_first, last)| last);
        last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE_BETWEEN_ATTEMPTS)
    }

    /// An attempt has failed. Returns whether it is the first one.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut known = self.known();
        let first = known.failed.map(|(first, _last)| first);
        known.failed = Some((first.unwrap_or(now), now));
        first.is_none()
    }

    /// An attempt has succeeded. Returns how long none had, if any failed before.
    pub(super) fn connected(&self, now: Instant) -> Option<Duration> {
        let failed = self.known().failed.take();
        failed.map(|(first, _last)| now.saturating_duration_since(first))
    }

    /// Whether nobody has reached the server for a while.
    pub(super) fn is_away(&self, now: Instant) -> bool {
        let first = self.known().failed.map(|(first, _last)| first);
        first.is_some_and(|first| now.saturating_duration_since(first) >= AWAY_AFTER)
    }

    /// A connection that was asked at `asked` has turned out broken at `now`.
    pub(super) fn broke(&self, asked: Instant, now: Instant) {
        if now.saturating_duration_since(asked) >= SILENCE {
            self.known().silent_since = Some(now);
        }
    }

    /// Whether a connection that was opened then need not be asked: it would keep silent like another one did.
    pub(super) fn is_doubtful(&self, opened: Instant) -> bool {
        self.known().silent_since.is_some_and(|since| opened <= since)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failed_attempt_nobody_tries_for_a_moment() {
        let (server, start) = (Reachability::default(), Instant::now());
        assert!(server.may_try(start));
        assert!(server.failed(start), "the first one");
        assert!(!server.may_try(start));
        let next = start + PAUSE_BETWEEN_ATTEMPTS;
        assert!(server.may_try(next));
        assert!(!server.failed(next), "the second one");
        assert!(!server.may_try(next));
    }

    #[test]
    fn a_server_is_away_when_attempts_have_failed_for_a_while_and_back_with_the_first_that_succeeds() {
        let (server, start) = (Reachability::default(), Instant::now());
        assert_eq!(server.connected(start), None);
        server.failed(start);
        assert!(!server.is_away(start));
        let later = start + AWAY_AFTER;
        server.failed(later);
        assert!(server.is_away(later));
        assert_eq!(server.connected(later), Some(AWAY_AFTER));
        assert!(!server.is_away(later) && server.may_try(later));
    }

    #[test]
    fn connections_are_doubted_that_are_older_than_the_silence_of_another_one() {
        let (server, asked) = (Reachability::default(), Instant::now());
        server.broke(asked, asked);
        assert!(!server.is_doubtful(asked), "closed at once: the others can be asked");
        let noticed = asked + SILENCE;
        server.broke(asked, noticed);
        assert!(server.is_doubtful(asked));
        assert!(!server.is_doubtful(noticed + Duration::from_millis(1)), "opened since");
    }
}
