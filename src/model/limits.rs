//! How the time of one request is shared: all of it may go to waiting for the answer, and a phase may use what the others
//! left. Only the end of it is kept free, so that nothing is sent whose answer would come too late to be heard.

use std::time::Duration;

/// Looking a name up gets at least this: glibc asks the second name server after 5 s (resolv.conf(5), `timeout`).
pub const LOOK_UP: Duration = Duration::from_secs(7);

/// No answer needs more: Twilio's come within a second.
const ANSWER_MAX: Duration = Duration::from_secs(8);

/// So much of a request's limit is kept for its answer: two fifths, at most 8 s, and no more than leaves [`LOOK_UP`] for
/// the name; but a tenth at least.
pub fn kept_for_answer(limit: Duration) -> Duration {
    limit.saturating_sub(LOOK_UP).min(limit * 2 / 5).min(ANSWER_MAX).max(limit / 10)
}

/// A request that has not begun to leave by then is not sent: looking the name up, connecting and TLS must have ended.
/// Default 12 s of 20 s.
pub fn leaves_within(limit: Duration) -> Duration {
    limit.saturating_sub(kept_for_answer(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_gets_at_least_seven_seconds_and_the_answer_what_is_left() {
        let leaves = |ms| leaves_within(Duration::from_millis(ms)).as_millis();
        for (limit, expected) in [
            (400, 360),
            (5_000, 4_500),
            (7_000, 6_300),
            (8_000, 7_000),
            (10_000, 7_000),
            (12_000, 7_200),
            (20_000, 12_000),
            (30_000, 22_000),
            (45_000, 37_000),
            (600_000, 540_000),
        ] {
            assert_eq!(leaves(limit), expected, "{limit} ms");
        }
        for limit in (8..=45).map(Duration::from_secs) {
            let (name, answer) = (leaves_within(limit), kept_for_answer(limit));
            assert!(name >= LOOK_UP && answer >= limit / 10 && name + answer == limit, "{limit:?}");
        }
    }
}
