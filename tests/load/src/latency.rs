//! Percentiles of measured times.

/// The nearest-rank percentile of times that are sorted already: the smallest one that `percent` of all do not exceed.
/// 0 when there are none.
pub fn percentile(sorted_us: &[u64], percent: usize) -> u64 {
    let rank = (sorted_us.len() * percent).div_ceil(100);
    sorted_us.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// Microseconds as milliseconds with one decimal, cut off.
pub fn in_ms(us: u64) -> String {
    format!("{}.{}", us / 1_000, us % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&times, 50), 50);
        assert_eq!(percentile(&times, 95), 95);
        assert_eq!(percentile(&times, 99), 99);
        assert_eq!(percentile(&times, 100), 100);
    }

    #[test]
    fn the_rank_is_rounded_up() {
        assert_eq!(percentile(&[10, 20, 30], 50), 20);
        assert_eq!(percentile(&[10, 20, 30], 99), 30);
    }

    #[test]
    fn few_or_no_times_are_no_error() {
        assert_eq!(percentile(&[7], 1), 7);
        assert_eq!(percentile(&[], 99), 0);
    }

    #[test]
    fn milliseconds_have_one_decimal() {
        assert_eq!(in_ms(0), "0.0");
        assert_eq!(in_ms(12_345), "12.3");
        assert_eq!(in_ms(999), "0.9");
    }
}
