//! Can every call of the next day start before its meeting? What a rehearsal of that day showed, judged.

use super::Check;
use crate::model::Timestamp;
use crate::when;
use crate::zone::Zone;
use std::time::Duration;

const NAME: &str = "pace";

/// What to do when it is not known.
const BY_HAND: &str = "`savehub plan` takes the time it needs";

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

/// What is known of the part of the day that was not played.
#[derive(Debug, Clone, Copy)]
pub struct NotPlayed {
    /// The rehearsal did not come to the end of the day within this time.
    pub within: Duration,
    /// How many calls there may be, at most.
    pub calls: usize,
    /// From when on more may be due than can start in time; `None`: all of them can.
    pub crowd: Option<Timestamp>,
}

/// `rest`: what comes after the rehearsal, if it did not play the whole day. `remedy`: what lets more calls start.
pub fn judge(planned: &PlannedCalls, rest: Option<NotPlayed>, (now, zone): (Timestamp, &Zone), remedy: &str) -> Check {
    let PlannedCalls { all, late, first, until } = *planned;
    let end =
        if rest.is_some() { format!("until {}", when::short(until, now, zone)) } else { "in the next 24 h".into() };
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
    let Some(NotPlayed { within, calls, crowd }) = rest else { return Check::ok(NAME, detail) };
    let Some(crowd) = crowd else {
        return Check::ok(NAME, format!("{detail}, and so can those of the rest of the 24 h, {calls} at most"));
    };
    let at = when::describe(crowd, now, zone);
    let why = format!(
        "{detail}; what comes then was not played within {} s, and from {at} on more calls may be due than can start in \
         time: {BY_HAND}",
        within.as_secs()
    );
    Check::warning(NAME, why, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    #[test]
    fn a_day_that_was_not_played_to_its_end_is_fine_only_if_all_that_may_come_can_start() {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let at = |hours: u64| now.plus(Duration::from_secs(hours * 3600));
        let not_played = |crowd| NotPlayed { within: Duration::from_secs(4), calls: 30, crowd };
        let of = |late, first, rest: Option<NotPlayed>| {
            let planned = PlannedCalls { all: 12, late, first, until: at(2) };
            judge(&planned, rest, (now, &Zone::utc()), "Raise it")
        };
        let fine = of(0, None, None);
        assert_eq!((fine.status, fine.detail.as_str()), (Status::Ok, "all 12 calls in the next 24 h can ring in time"));
        let rest = of(0, None, Some(not_played(None)));
        assert!(rest.detail.starts_with("all 12 calls until "), "{rest:?}");
        let end = " can ring in time, and so can those of the rest of the 24 h, 30 at most";
        assert!(rest.status == Status::Ok && rest.detail.ends_with(end), "{rest:?}");
        let unknown = of(0, None, Some(not_played(Some(at(3)))));
        let words =
            [" can ring in time; ", "was not played within 4 s", "(in 3 h) on more calls may be due", "`savehub plan`"];
        assert!(unknown.status == Status::Warning, "{unknown:?}");
        assert!(words.iter().all(|word| unknown.detail.contains(word)), "{unknown:?}");
        for rest in [None, Some(not_played(None)), Some(not_played(Some(at(3))))] {
            let crowded = of(3, Some(at(1)), rest);
            assert_eq!(crowded.status, Status::Warning);
            assert!(
                crowded.detail.starts_with("3 of 12 calls ") && crowded.detail.ends_with(" (in 1 h)"),
                "{crowded:?}"
            );
        }
    }
}
