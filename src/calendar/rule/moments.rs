//! The occurrences of one period, in order.

use super::DAY;
use super::clock::Clock;
use super::lists::Numbers;

/// Moments are seconds of the wall clock since the beginning of 1970.
#[derive(Debug)]
pub(super) enum Moments {
    /// Each of these days at each time of day.
    All { days: Vec<i64>, clock: Clock },
    /// Picked ones.
    Some(Vec<i64>),
}

impl Moments {
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All { days, clock } => days.len() as u64 * clock.len(),
            Self::Some(picked) => picked.len() as u64,
        }
    }

    /// How many are before a moment.
    pub(super) fn below(&self, moment: i64) -> u64 {
        match self {
            Self::All { days, clock } => {
                let day = moment.div_euclid(DAY);
                let earlier = days.partition_point(|d| *d < day);
                let same = days.get(earlier) == Some(&day);
                earlier as u64 * clock.len() + if same { clock.below(moment.rem_euclid(DAY)) } else { 0 }
            }
            Self::Some(picked) => picked.partition_point(|m| *m < moment) as u64,
        }
    }

    /// The n-th, from 0.
    pub(super) fn get(&self, n: u64) -> Option<i64> {
        match self {
            Self::All { days, clock } => {
                let day = days.get(usize::try_from(n.checked_div(clock.len())?).ok()?)?;
                Some(day * DAY + clock.get(n % clock.len())?)
            }
            Self::Some(picked) => picked.get(usize::try_from(n).ok()?).copied(),
        }
    }

    /// Those at these places, from 1, or from the end for negative ones (`BYSETPOS`).
    pub(super) fn pick(self, places: &Numbers) -> Self {
        let len = self.len().cast_signed();
        let at = |place: i64| if place > 0 { place - 1 } else { len + place };
        let mut picked: Vec<i64> = places.iter().filter_map(|place| self.get(u64::try_from(at(place)).ok()?)).collect();
        picked.sort_unstable();
        picked.dedup();
        Self::Some(picked)
    }
}
