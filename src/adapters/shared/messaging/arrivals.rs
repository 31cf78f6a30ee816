//! What has arrived from a queue and is not yet known to be committed.

use std::collections::BTreeMap;

use super::cloud_event::Linked;
use crate::ports::shared::events::LoggedEvent;

/// Messages of one channel, by their place in the log, and what may be acknowledged of them.
///
/// A message is acknowledged when the consumer's position has passed it, and not before: that position was committed
/// with the effect. Until then a message that is redelivered takes the place of its twin. There are never more messages
/// here than the channel's prefetch, because the broker sends no more without an acknowledgement.
#[derive(Default)]
pub(super) struct Arrivals {
    events: BTreeMap<i64, Linked>,
    /// Places by delivery tag: the order in which messages came.
    unacknowledged: BTreeMap<u64, i64>,
    position: i64,
}

impl Arrivals {
    /// Takes in a message. Whether something can be acknowledged now: a message from behind the position can at once.
    pub(super) fn arrive(&mut self, tag: u64, event: Linked) -> bool {
        let seq = event.logged.seq;
        self.unacknowledged.insert(tag, seq);
        if seq > self.position {
            self.events.insert(seq, event);
        }
        seq <= self.position
    }

    /// Learns how far the consumer has come. Whether something may be there to be acknowledged now.
    pub(super) fn committed(&mut self, position: i64) -> bool {
        self.position = position;
        let remaining = self.events.split_off(&position.saturating_add(1));
        let passed = std::mem::replace(&mut self.events, remaining);
        !passed.is_empty()
    }

    /// What follows `position` without a gap, at most `limit` events; nothing when the next event is not there.
    pub(super) fn run_after(&self, position: i64, limit: u32) -> Vec<LoggedEvent> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut end = position;
        self.events
            .range(position.saturating_add(1)..)
            .map(|(_place, event)| event)
            .take_while(|event| {
                let follows = event.previous <= end;
                end = event.logged.seq;
                follows
            })
            .take(limit)
            .map(|event| event.logged.clone())
            .collect()
    }

    /// Whether there is something to read, be it behind a gap.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Messages that may not be acknowledged yet.
    pub(super) fn unacknowledged(&self) -> usize {
        self.unacknowledged.len()
    }

    /// The tag up to which everything that came may be acknowledged, once.
    pub(super) fn take_acknowledgeable(&mut self) -> Option<u64> {
        let mut last = None;
        while let Some(message) = self.unacknowledged.first_entry() {
            if *message.get() > self.position {
                break;
            }
            last = Some(message.remove_entry().0);
        }
        last
    }

    /// Forgets all: the channel is gone, and the broker delivers again what was not acknowledged.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.unacknowledged.clear();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domains::shared::timestamp::Timestamp;
    use crate::ports::shared::events::EventRecord;

    fn linked(previous: i64, seq: i64) -> Linked {
        Linked {
            previous,
            logged: LoggedEvent {
                seq,
                event: EventRecord {
                    event_id: Uuid::from_u128(1).into(),
                    event_type: "test.happened".into(),
                    version: 1,
                    subject: "subject".into(),
                    payload: "{}".into(),
                    occurred_at: Timestamp::from_unix_seconds(0).unwrap(),
                    correlation_id: Uuid::from_u128(1).into(),
                    trace_parent: None,
                },
            },
        }
    }

    fn arrived(messages: &[(i64, i64)]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for (tag, (previous, seq)) in (1..).zip(messages) {
            arrivals.arrive(tag, linked(*previous, *seq));
        }
        arrivals
    }

    fn run(arrivals: &Arrivals, position: i64, limit: u32) -> Vec<i64> {
        arrivals
            .run_after(position, limit)
            .iter()
            .map(|logged| logged.seq)
            .collect()
    }

    #[test]
    fn a_run_ends_at_the_first_gap() {
        // The log has no events 3 and 4; event 7 has not arrived.
        let arrivals = arrived(&[(0, 1), (1, 2), (2, 5), (5, 6), (7, 8)]);
        assert_eq!(run(&arrivals, 0, 100), [1, 2, 5, 6]);
        assert_eq!(run(&arrivals, 2, 100), [5, 6]);
        assert_eq!(run(&arrivals, 0, 3), [1, 2, 5]);
        assert_eq!(run(&arrivals, 6, 100), [0_i64; 0]);
        assert_eq!(run(&arrivals, 7, 100), [8]);
    }

    #[test]
    fn what_comes_in_disorder_or_twice_is_read_in_order_and_once() {
        let arrivals = arrived(&[(2, 3), (0, 1), (2, 3), (1, 2), (0, 1)]);
        assert_eq!(run(&arrivals, 0, 100), [1, 2, 3]);
    }

    #[test]
    fn only_what_the_position_has_passed_is_acknowledged() {
        let mut arrivals = arrived(&[(0, 1), (1, 2), (2, 3)]);
        assert_eq!(arrivals.take_acknowledgeable(), None);
        assert!(arrivals.committed(2));
        assert_eq!(arrivals.take_acknowledgeable(), Some(2));
        assert_eq!(arrivals.take_acknowledgeable(), None, "once");
        assert!(!arrivals.is_empty());
        assert!(arrivals.committed(3));
        assert_eq!(arrivals.take_acknowledgeable(), Some(3));
        assert!(arrivals.is_empty());
    }

    #[test]
    fn an_acknowledgement_never_covers_an_earlier_message_that_is_not_committed() {
        // 5 came before 1: to acknowledge the second message with all before it would lose 5.
        let mut arrivals = arrived(&[(4, 5), (0, 1)]);
        arrivals.committed(1);
        assert_eq!(arrivals.take_acknowledgeable(), None);
        arrivals.committed(5);
        assert_eq!(arrivals.take_acknowledgeable(), Some(2));
    }

    #[test]
    fn a_message_from_behind_the_position_is_acknowledged_at_once() {
        let mut arrivals = Arrivals::default();
        arrivals.committed(7);
        assert!(arrivals.arrive(1, linked(5, 6)));
        assert!(arrivals.is_empty());
        assert_eq!(arrivals.take_acknowledgeable(), Some(1));
    }
}
