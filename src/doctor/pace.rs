//! Can every call of the next day start before its meeting? What a rehearsal of that day showed, judged.

use super::Check;
use crate::model::Timestamp;
use crate::when;
use crate::zone::Zone;
use std::time::Duration;

const NAME: &str = "pace";

/// What to do when it is not known.
pub const BY_HAND: &str = "`savehub plan` takes the time it needs";

/// What a plan shows of calls.
#[derive(Debug, Clone, Copy)]
pub struct PlannedCalls {
    /// Calls that are made or too late.
    pub all: usize,
    /// Those that cannot start before their meetings.
    pub late: usize,
    /// When the first of them is shed.
    pub first: Option<Timestamp>,
    /// How far it reaches.
    pub until: Timestamp,
}

/// `broke_off`: the rehearsal did not come to the end of the day within this time. `remedy`: what lets more calls start.
pub fn judge(
    planned: &PlannedCalls,
    broke_off: Option<Duration>,
    (now, zone): (Timestamp, &Zone),
    remedy: &str,
) -> Check {
    let PlannedCalls { all, late, first, until } = *planned;
    let end = if broke_off.is_some() {
        format!("until {}", when::short(until, now, zone))
    } else {
        "in the next 24 h".into()
    };
    if let Some(first) = first {
        let at = when::describe(first, now, zone);
        let detail = format!("{late} of {all} calls {end} cannot ring before their meetings, first at {at}");
        return Check::warning(NAME, detail, remedy);
    }
    let detail = match all {
        0 => format!("there are no calls {end}"),
        1 => format!("the one call {end} can ring in time"),
        all => format!("all {all} calls {end} can ring in time"),
    };
    if let Some(within) = broke_off {
        let why = format!("{detail}; what comes then was not played within {} s, {BY_HAND}", within.as_secs());
        return Check::skipped(NAME, why);
    }
    Check::ok(NAME, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    #[test]
    fn a_day_that_was_not_played_to_its_end_is_never_called_fine() {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let at = |hours: u64| now.plus(Duration::from_secs(hours * 3600));
        let of = |late, first, broke_off: bool| {
            let planned = PlannedCalls { all: 12, late, first, until: at(2) };
            let within = broke_off.then_some(Duration::from_secs(30));
            judge(&planned, within, (now, &Zone::utc()), "Raise it")
        };
        let fine = of(0, None, false);
        assert_eq!((fine.status, fine.detail.as_str()), (Status::Ok, "all 12 calls in the next 24 h can ring in time"));
        let unknown = of(0, None, true);
        let words = [" can ring in time; ", "was not played within 30 s", "`savehub plan`"];
        assert!(unknown.detail.starts_with("all 12 calls until "), "{unknown:?}");
        assert!(unknown.status == Status::Skipped && words.iter().all(|word| unknown.detail.contains(word)));
        for broke_off in [false, true] {
            let crowded = of(3, Some(at(1)), broke_off);
            assert_eq!(crowded.status, Status::Warning);
            assert!(
                crowded.detail.starts_with("3 of 12 calls ") && crowded.detail.ends_with(" (in 1 h)"),
                "{crowded:?}"
            );
        }
    }
}
