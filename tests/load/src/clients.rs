//! Many clients at once, who share one list of things to do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::customers::Account;
use crate::failure::Failure;
use crate::http::HttpClient;
use crate::tally::Tally;

/// One client for each account. Each takes the next of the things until there is none, and does it with `work`. One that
/// fails is named in the tally, and no client takes another: the server was away for longer than the patience.
pub fn share<T, W>(url: &str, accounts: &[Account], things: &[T], work: W) -> Tally
where
    T: Sync,
    W: Fn(&mut HttpClient, &Account, &T, &mut Tally) -> Result<(), Failure> + Sync,
{
    let next = AtomicUsize::new(0);
    let given_up = AtomicBool::new(false);
    let serve = || {
        let mut client = HttpClient::new(url);
        let mut tally = Tally::default();
        let started = Instant::now();
        while !given_up.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            // A thing always has the same account: keys belong to accounts, so only then does a repeated run repeat its
            // requests.
            let account = index
                .checked_rem(accounts.len())
                .and_then(|number| accounts.get(number));
            let (Some(thing), Some(account)) = (things.get(index), account) else {
                break;
            };
            if let Err(failure) = work(&mut client, account, thing, &mut tally) {
                tally.failures.push(format!("number {}: {failure}", index + 1));
                given_up.store(true, Ordering::Relaxed);
            }
        }
        tally.wall = started.elapsed();
        tally.waited = client.waited();
        tally
    };
    let mut sum = Tally::default();
    thread::scope(|scope| {
        let clients: Vec<_> = accounts.iter().map(|_| scope.spawn(serve)).collect();
        for client in clients {
            match client.join() {
                Ok(tally) => sum.add(tally),
                Err(_) => sum.failures.push("a client of this program panicked".to_owned()),
            }
        }
    });
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_no_more_after_a_failure() {
        let accounts = [Account::new("a", "b"), Account::new("c", "d"), Account::new("e", "f")];
        let things: Vec<u32> = (0..100).collect();
        let done = |failing| {
            share("http://127.0.0.1:1", &accounts, &things, |_, _, thing, tally| {
                tally.confirmed += 1;
                if Some(*thing) == failing {
                    return Err(Failure::Input("broken".to_owned()));
                }
                Ok(())
            })
        };
        assert_eq!(done(None).confirmed, 100);
        let broken = done(Some(0));
        assert_eq!(broken.failures, ["number 1: broken"]);
        assert!(broken.confirmed <= 100);
    }
}
