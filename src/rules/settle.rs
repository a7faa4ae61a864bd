//! What becomes of an attempt nobody has an answer for.

use crate::model::{AttemptState, Timestamp};
use crate::model::{OpenAttempt, Settle};
use std::time::Duration;

/// What settling compares an attempt with.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall time.
    pub now: Timestamp,
    /// Milliseconds of `CLOCK_BOOTTIME`.
    pub boottime_ms: i64,
    /// How long after a request's deadline the provider may still create its call.
    pub settle: Duration,
}

/// `SENDING` becomes `UNKNOWN` when its owner is gone or its lease over; `UNKNOWN` is given up when it stops to matter:
/// its meeting starts, or the next call rung of the person falls due and the settle time has passed.
///
/// `owner_alive`: `None` when it cannot be told (written in another boot: then nothing of it can still be running here).
pub fn settle(attempt: &OpenAttempt, owner_alive: Option<bool>, moment: &Moment) -> Settle {
    match attempt.state {
        AttemptState::Sending => {
            let lease_over = moment.boottime_ms >= attempt.lease_until_boot_ms;
            if owner_alive == Some(true) && !lease_over { Settle::Keep } else { Settle::Unknown }
        }
        AttemptState::Unknown => {
            let settled = attempt.request_deadline_at.plus(moment.settle) <= moment.now;
            let started = attempt.starts_at.is_some_and(|start| start <= moment.now);
            // A test call has no meeting and no next rung: it matters until it has settled.
            let superseded = attempt.starts_at.is_none() || attempt.next_rung_due.is_some_and(|due| due <= moment.now);
            if started || (settled && superseded) { Settle::Abandon } else { Settle::Keep }
        }
        _ => Settle::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttemptId;
    use crate::owner::Owner;

    const MOMENT: Moment =
        Moment { now: Timestamp::from_ms(1_000_000), boottime_ms: 50_000, settle: Duration::from_secs(30) };

    fn attempt(state: AttemptState) -> OpenAttempt {
        OpenAttempt {
            id: AttemptId(1),
            state,
            owner: Owner::new("boot", 1, 1),
            lease_until_boot_ms: 60_000,
            request_deadline_at: Timestamp::from_ms(1_000_000),
            starts_at: Some(Timestamp::from_ms(1_100_000)),
            next_rung_due: None,
        }
    }

    #[test]
    fn a_running_request_is_left_alone_until_its_owner_is_gone_or_its_lease_over() {
        let sending = attempt(AttemptState::Sending);
        assert_eq!(settle(&sending, Some(true), &MOMENT), Settle::Keep);
        assert_eq!(settle(&sending, Some(false), &MOMENT), Settle::Unknown);
        assert_eq!(settle(&sending, None, &MOMENT), Settle::Unknown);
        let over = OpenAttempt { lease_until_boot_ms: 50_000, ..sending };
        assert_eq!(settle(&over, Some(true), &MOMENT), Settle::Unknown);
    }

    #[test]
    fn an_unknown_attempt_is_held_until_the_next_rung_is_due_and_it_has_settled() {
        let unknown = attempt(AttemptState::Unknown);
        assert_eq!(settle(&unknown, None, &MOMENT), Settle::Keep);
        let due = OpenAttempt { next_rung_due: Some(MOMENT.now), ..unknown };
        assert_eq!(settle(&due, None, &MOMENT), Settle::Keep, "not settled yet");
        let later = Moment { now: Timestamp::from_ms(1_030_000), ..MOMENT };
        assert_eq!(settle(&due, None, &later), Settle::Abandon);
    }

    #[test]
    fn an_unknown_attempt_is_given_up_when_its_meeting_starts() {
        let started = OpenAttempt { starts_at: Some(MOMENT.now), ..attempt(AttemptState::Unknown) };
        assert_eq!(settle(&started, None, &MOMENT), Settle::Abandon);
    }

    #[test]
    fn an_unknown_test_call_is_given_up_once_it_has_settled() {
        let test_call = OpenAttempt { starts_at: None, ..attempt(AttemptState::Unknown) };
        assert_eq!(settle(&test_call, None, &MOMENT), Settle::Keep);
        let later = Moment { now: Timestamp::from_ms(1_030_000), ..MOMENT };
        assert_eq!(settle(&test_call, None, &later), Settle::Abandon);
    }
}
