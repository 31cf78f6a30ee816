//! How much of the machine this program itself uses: a load driver that is busy measures itself.

use std::fs;
use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

/// `USER_HZ`, the unit of the times in `/proc/<pid>/stat`: 100 a second on every Linux that Rust supports, see proc(5).
const TICK: Duration = Duration::from_millis(10);

/// Measures from its creation.
pub struct OwnTime {
    started: Instant,
    cpu_at_start: Duration,
}

/// Shares in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnShare {
    /// CPU time of this program over wall time times cores.
    pub cpu_permille: u64,
    /// Wall time of the clients that they spent neither waiting for the server nor pausing.
    pub clients_permille: u64,
}

impl OwnShare {
    /// Above either share the server may well be faster than what is reported: it shares the cores with this program,
    /// and a client that is busy sends less than it could.
    pub fn is_bottleneck(self) -> bool {
        self.cpu_permille >= 300 || self.clients_permille >= 200
    }
}

impl OwnTime {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_at_start: cpu_time(),
        }
    }

    pub fn wall(&self) -> Duration {
        self.started.elapsed()
    }

    /// `clients_own` and `clients_wall` are sums over all clients.
    pub fn share(&self, clients_own: Duration, clients_wall: Duration) -> OwnShare {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let available = self.wall().saturating_mul(u32::try_from(cores).unwrap_or(u32::MAX));
        OwnShare {
            cpu_permille: permille(cpu_time().saturating_sub(self.cpu_at_start), available),
            clients_permille: permille(clients_own, clients_wall),
        }
    }
}

fn permille(part: Duration, whole: Duration) -> u64 {
    let share = (part.as_nanos() * 1_000).checked_div(whole.as_nanos()).unwrap_or(0);
    u64::try_from(share).unwrap_or(u64::MAX)
}

fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = cpu_ticks(&stat).and_then(|ticks| u32::try_from(ticks).ok());
    TICK.saturating_mul(ticks.unwrap_or(0))
}

/// `utime` + `stime`, the 14th and 15th field. The second is the name of the program in parentheses and may hold blanks.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11).map(str::parse::<u64>);
    let user = fields.next()?.ok()?;
    let system = fields.next()?.ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_does_not_shift_the_fields() {
        let stat = "42 (a (b) c) R 1 42 42 0 -1 4194304 100 0 0 0 31 11 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    fn shares_are_thousandths_and_nothing_of_nothing_is_none() {
        assert_eq!(permille(Duration::from_millis(250), Duration::from_secs(1)), 250);
        assert_eq!(permille(Duration::ZERO, Duration::ZERO), 0);
    }

    #[test]
    fn a_driver_that_takes_much_of_the_machine_or_of_its_clients_is_the_bottleneck() {
        assert!(
            !OwnShare {
                cpu_permille: 299,
                clients_permille: 199
            }
            .is_bottleneck()
        );
        assert!(
            OwnShare {
                cpu_permille: 300,
                clients_permille: 0
            }
            .is_bottleneck()
        );
        assert!(
            OwnShare {
                cpu_permille: 0,
                clients_permille: 200
            }
            .is_bottleneck()
        );
    }
}
