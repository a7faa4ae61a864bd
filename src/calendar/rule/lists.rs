//! What the lists of a rule name: numbers and weekdays.

/// The numbers of a `BYxxx` list, sorted, each once; a negative one counts from the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers(Vec<i16>);

impl Numbers {
    /// Sorts them.
    pub(super) fn new(mut numbers: Vec<i16>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// The rule does not say.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// As they are, smallest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = i64> {
        self.0.iter().map(|n| i64::from(*n))
    }

    /// Is the thing at place `at` (from 0) of `len` in the list, when they are counted in groups of `by`, from the front
    /// or from the end?
    pub(super) fn has(&self, at: i64, len: i64, by: i64) -> bool {
        let from_front = at / by + 1;
        let from_end = -((len - 1 - at) / by + 1);
        [from_front, from_end].iter().any(|n| i16::try_from(*n).is_ok_and(|n| self.0.binary_search(&n).is_ok()))
    }

    pub(super) fn lets(&self, at: i64, len: i64, by: i64) -> bool {
        self.is_empty() || self.has(at, len, by)
    }
}

/// `BYDAY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Weekdays {
    /// Bit n for every weekday n (0 for Monday).
    pub(super) every: u8,
    /// For each weekday, which of the month or the year.
    pub(super) nth: [Numbers; 7],
}

impl Weekdays {
    /// The rule does not say.
    pub(super) fn is_empty(&self) -> bool {
        self.every == 0 && self.nth.iter().all(Numbers::is_empty)
    }

    /// Only that weekday.
    pub(super) fn only(weekday: u8) -> Self {
        Self { every: 1 << weekday, ..Self::default() }
    }

    /// The same without regard to which of the month.
    pub(super) fn without_numbers(&self) -> Self {
        let named = (0..7).zip(&self.nth).filter(|(_, nth)| !nth.is_empty());
        Self { every: named.fold(self.every, |every, (weekday, _)| every | 1 << weekday), ..Self::default() }
    }
}
