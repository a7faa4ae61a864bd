//! May what cannot be taken back be done by the wall clock as it is?
//!
//! A wrong wall clock makes meetings missed that are still to come, skips steps for lateness, and deletes what is young.
//! So such acts wait while another witness of time contradicts it, and for a while after a boot or a jump that nobody
//! has witnessed. A call is no such act: it has its window and its fence.

use super::skew::{self, SkewSample};
use crate::model::Timestamp;
use std::time::Duration;

/// How long nothing final is done after a boot or a jump without a second witness, by the boot clock.
pub const UNWITNESSED: Duration = Duration::from_secs(600);

/// What is known of the time when a tick begins.
#[derive(Debug, Clone, Copy)]
pub struct Witnesses<'a> {
    /// The machine's wall and boot time.
    pub now: (Timestamp, i64),
    /// The same of earlier ticks of this boot, newest first.
    pub ticks: &'a [(Timestamp, i64)],
    /// What earlier ticks saw of the provider's clock, newest first.
    pub provider: &'a [SkewSample],
    /// Does the machine say that its clock is synchronised? `None`: it says nothing.
    pub synchronised: Option<bool>,
}

/// The verdict. A synchronised clock is right. Else a provider's `Date` that still holds confirms or contradicts it. Else
/// the clock must have stood for a while.
pub fn may_be_final(seen: &Witnesses<'_>) -> bool {
    if seen.synchronised == Some(true) {
        return true;
    }
    if let Some(skew_ms) = by_the_provider(seen) {
        return skew_ms.abs() <= skew::ALARM_MS;
    }
    // Boot time begins with the boot.
    let since = jumped_at(seen).unwrap_or(0);
    i128::from(seen.now.1.saturating_sub(since)) >= i128::try_from(UNWITNESSED.as_millis()).unwrap_or(i128::MAX)
}

/// The boot time since which the wall clock stands as it does now; `None`: it has stood so in every tick of this boot.
fn jumped_at(seen: &Witnesses<'_>) -> Option<i64> {
    let offset = |(wall, boot): (Timestamp, i64)| wall.ms().saturating_sub(boot);
    let with_us = |at: &&(Timestamp, i64)| offset(**at).abs_diff(offset(seen.now)) <= skew::ALARM_MS.unsigned_abs();
    let stands: Vec<_> = seen.ticks.iter().take_while(with_us).collect();
    (stands.len() < seen.ticks.len()).then(|| stands.last().map_or(seen.now.1, |(_, boot)| *boot))
}

/// The clock that contradicts the wall clock, in words; `None`: none does, or it counts no more.
pub fn contradicted_by(seen: &Witnesses<'_>) -> Option<&'static str> {
    match () {
        () if may_be_final(seen) => None,
        () if by_the_provider(seen).is_some() => Some("the provider's clock"),
        () => jumped_at(seen).map(|_| "the time since the last ticks"),
    }
}

/// How far the provider's clock is ahead of the machine's, in milliseconds, by its newest `Date` that still holds.
pub fn by_the_provider(seen: &Witnesses<'_>) -> Option<i64> {
    seen.provider.iter().find(|sample| skew::holds(sample, seen.now)).map(|sample| sample.skew_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(wall_s: i64, boot_s: i64) -> (Timestamp, i64) {
        (Timestamp::from_ms(wall_s * 1000), boot_s * 1000)
    }

    const fn date(skew_s: i64, at: (Timestamp, i64)) -> SkewSample {
        SkewSample { skew_ms: skew_s * 1000, at, same_boot: true }
    }

    /// What it is, now, earlier ticks, the provider's clock, the machine's word, and the verdict.
    type Row = (&'static str, (Timestamp, i64), Vec<(Timestamp, i64)>, Vec<SkewSample>, Option<bool>, bool);

    #[test]
    fn nothing_final_is_done_while_a_second_witness_contradicts_the_wall_clock_or_is_missed_after_a_jump() {
        let (long, day) = (at(100_000, 5_000), at(186_400, 5_030));
        let before = at(99_970, 4_970);
        let jumped = at(186_370, 5_000);
        let table: Vec<Row> = vec![
            ("the first tick ever", long, vec![], vec![], None, true),
            ("ticks as usual", long, vec![before], vec![], None, true),
            ("unsynchronised contradicts nothing", long, vec![before], vec![], Some(false), true),
            ("30 s are no jump", at(100_030, 5_000), vec![before], vec![], None, true),
            ("a day ahead", day, vec![long, before], vec![], None, false),
            ("back by a minute", at(99_970, 5_030), vec![long, before], vec![], None, false),
            ("still jumped", at(186_969, 5_599), vec![jumped, before], vec![], None, false),
            ("ten minutes after the jump", at(186_970, 5_600), vec![jumped, before], vec![], None, true),
            ("a jump that the machine calls synchronised", day, vec![long], vec![], Some(true), true),
            ("a jump that the provider confirms", day, vec![long], vec![date(-2, day)], None, true),
            ("a jump after the provider was asked", day, vec![long], vec![date(0, long)], None, false),
            ("the provider contradicts", long, vec![before], vec![date(-720, before)], None, false),
            ("it contradicts a synchronised clock", long, vec![before], vec![date(-720, before)], Some(true), true),
            ("just booted", at(100_000, 599), vec![], vec![], None, false),
            ("booted ten minutes ago", at(100_000, 600), vec![], vec![], None, true),
            ("just booted and synchronised", at(100_000, 20), vec![], vec![], Some(true), true),
            ("woken: boot time counts sleep", at(130_000, 35_000), vec![long], vec![], None, true),
        ];
        for (what, now, ticks, provider, synchronised, expected) in table {
            let witnesses = Witnesses { now, ticks: &ticks, provider: &provider, synchronised };
            assert_eq!(may_be_final(&witnesses), expected, "{what}");
            // A boot without a witness contradicts nothing.
            let contradicted = contradicted_by(&witnesses).is_some();
            assert_eq!(contradicted, !expected && what != "just booted", "{what}");
        }
    }
}
