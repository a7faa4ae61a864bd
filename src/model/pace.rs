//! How fast calls may be started.

use std::time::Duration;

/// The pace of one account. A provider that gets calls faster than it starts them queues the rest, and a queue rings
/// people after their meetings began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two calls of the account.
    pub account: Duration,
    /// Between two calls from one number; `None`: numbers have no pace of their own.
    pub number: Option<Duration>,
    /// A rehearsal does not wait: each call takes its slot and starts at once.
    pub ahead: bool,
}

impl Pace {
    /// The pace of so many calls a second; `None`: as fast as they come.
    pub fn per_second(account: f64, number: Option<f64>) -> Option<Self> {
        let number = number.and_then(between);
        // The numbers may have a pace while the account has none.
        let account = between(account).or(number.map(|_| Duration::ZERO))?;
        Some(Self { account, number, ahead: false })
    }

    /// The least time between two calls, when they come from so many numbers.
    pub fn every(&self, numbers: usize) -> Duration {
        let each = u32::try_from(numbers.max(1)).unwrap_or(u32::MAX);
        self.account.max(self.number.map_or(Duration::ZERO, |number| number / each))
    }
}

/// Whole microseconds, rounded up: rather slower than faster; at least a millisecond. `None`: no time at all.
fn between(per_second: f64) -> Option<Duration> {
    let us = (1_000_000.0 / per_second).ceil();
    if !us.is_finite() || us < 1.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of at least 1")]
    Some(Duration::from_micros((us as u64).max(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_rate_is_a_time_between_two_calls_and_never_a_shorter_one() {
        let every = |rate| Pace::per_second(rate, None).map(|pace| pace.account);
        assert_eq!([1.0, 30.0, 0.5].map(every), [Some(ms(1000)), Some(Duration::from_micros(33_334)), Some(ms(2000))]);
        assert_eq!(every(f64::INFINITY), None, "as fast as they come");
        assert_eq!(every(5000.0), Some(ms(1)), "a time is kept in milliseconds");
    }

    #[test]
    fn numbers_with_a_pace_of_their_own_share_the_work() {
        let pace = Pace::per_second(10.0, Some(1.0)).unwrap();
        assert_eq!([1, 4, 20].map(|numbers| pace.every(numbers)), [ms(1000), ms(250), ms(100)]);
        let alone = Pace::per_second(f64::INFINITY, Some(1.0)).unwrap();
        assert_eq!(alone.every(2), ms(500));
    }
}
