//! Times of day: the hours, minutes and seconds a rule lets through, and all their combinations.

/// Bit n for hour, minute or second n. No bit: the rule does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) hours: u64,
    pub(super) minutes: u64,
    pub(super) seconds: u64,
}

impl Clock {
    /// How many times of day there are.
    pub(super) fn len(self) -> u64 {
        ones(self.hours) * self.per_hour()
    }

    /// How many of them are before this second of the day.
    pub(super) fn below(self, second_of_day: i64) -> u64 {
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let mut below = ones_below(self.hours, hour) * self.per_hour();
        if has(self.hours, hour) {
            below += ones_below(self.minutes, minute) * ones(self.seconds);
            if has(self.minutes, minute) {
                below += ones_below(self.seconds, second);
            }
        }
        below
    }

    /// The n-th of them, from 0, as a second of the day.
    pub(super) fn get(self, n: u64) -> Option<i64> {
        let per_minute = ones(self.seconds);
        let hour = nth_one(self.hours, n.checked_div(self.per_hour())?)?;
        let minute = nth_one(self.minutes, n % self.per_hour() / per_minute)?;
        Some(hour * 3600 + minute * 60 + nth_one(self.seconds, n % per_minute)?)
    }

    fn per_hour(self) -> u64 {
        ones(self.minutes) * ones(self.seconds)
    }
}

/// Does a list that may say nothing let this number through?
pub(super) fn lets(list: u64, number: i64) -> bool {
    list == 0 || has(list, number)
}

fn has(list: u64, number: i64) -> bool {
    (0..64).contains(&number) && list >> number & 1 == 1
}

fn ones(list: u64) -> u64 {
    u64::from(list.count_ones())
}

fn ones_below(list: u64, number: i64) -> u64 {
    ones(if (0..64).contains(&number) { list & ((1 << number) - 1) } else { list })
}

fn nth_one(mut list: u64, n: u64) -> Option<i64> {
    for _ in 0..n.min(64) {
        list &= list.wrapping_sub(1);
    }
    (list != 0).then(|| i64::from(list.trailing_zeros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_day_are_counted_and_found_without_a_list_of_them() {
        let clock = Clock { hours: 1 << 9 | 1 << 23, minutes: 1 | 1 << 59, seconds: 1 | 1 << 30 | 1 << 59 };
        let all: Vec<i64> = (0..86_400)
            .filter(|s| has(clock.hours, s / 3600) && has(clock.minutes, s / 60 % 60) && has(clock.seconds, s % 60))
            .collect();
        let found: Vec<i64> = (0..clock.len()).map(|n| clock.get(n).unwrap()).collect();
        assert_eq!((all.len(), &found), (12, &all));
        assert_eq!(clock.get(12), None);
        for second in 0..=86_400 {
            assert_eq!(clock.below(second), all.iter().filter(|s| **s < second).count() as u64, "{second}");
        }
    }

    #[test]
    fn a_clock_that_says_nothing_has_no_times() {
        assert_eq!((Clock::default().len(), Clock::default().get(0)), (0, None));
    }
}
