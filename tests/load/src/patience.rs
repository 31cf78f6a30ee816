//! Repeating a request while the server is away or busy, for a bounded time.

use std::thread;
use std::time::{Duration, Instant};

use crate::customers::Account;
use crate::failure::Failure;
use crate::http::{Answer, HttpClient, Request, SendError};

/// The first pause; each further one is twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// A server may ask for a longer pause than ours, up to this.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(2);

/// Sees every answer, and every failure to get one, with the time that it took.
pub trait Observer {
    fn answered(&mut self, answer: &Answer, took: Duration);
    fn unanswered(&mut self, error: &SendError);
    /// A pause before the next attempt, which counts neither for the server nor for this program.
    fn paused(&mut self, pause: Duration);
}

/// For requests that are not measured.
pub struct Unobserved;

impl Observer for Unobserved {
    fn answered(&mut self, _: &Answer, _: Duration) {}
    fn unanswered(&mut self, _: &SendError) {}
    fn paused(&mut self, _: Duration) {}
}

/// Sends the request as the account's owner until the answer is a final one, or `patience` is used up: then the last
/// answer is returned as it is, or the failure to get one.
pub fn send_patiently(
    client: &mut HttpClient,
    account: &Account,
    request: &Request<'_>,
    patience: Duration,
    observer: &mut dyn Observer,
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let mut attempt = 0;
    loop {
        let sent = Instant::now();
        let outcome = account.send(client, request);
        let asked = match outcome {
            Ok(ref answer) => {
                observer.answered(answer, sent.elapsed());
                if !answer.is_worth_repeating() {
                    return outcome.map_err(|error| Failure::no_answer(request.path, &error));
                }
                answer.retry_after
            }
            Err(ref error) => {
                observer.unanswered(error);
                None
            }
        };
        let pause = pause_before(attempt, asked);
        if started.elapsed() + pause > patience {
            return outcome.map_err(|error| Failure::no_answer(request.path, &error));
        }
        thread::sleep(pause);
        observer.paused(pause);
        attempt += 1;
    }
}

fn pause_before(attempt: u32, asked: Option<Duration>) -> Duration {
    let ours = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(attempt))
        .min(LONGEST_PAUSE);
    asked.map_or(ours, |asked| asked.min(LONGEST_ASKED_PAUSE).max(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let pauses: Vec<u128> = (0..7).map(|attempt| pause_before(attempt, None).as_millis()).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500]);
        assert_eq!(pause_before(u32::MAX, None), LONGEST_PAUSE);
    }

    #[test]
    fn the_server_may_ask_for_up_to_two_seconds() {
        assert_eq!(pause_before(0, Some(Duration::from_secs(1))), Duration::from_secs(1));
        assert_eq!(pause_before(0, Some(Duration::from_mins(1))), Duration::from_secs(2));
        assert_eq!(pause_before(0, Some(Duration::ZERO)), FIRST_PAUSE);
    }
}
