//! What becomes of an attempt without an answer as time passes.

use super::after::RETRIES;
use super::reconcile::is_settled;
use crate::model::{AttemptState, OpenAttempt, RungKind, Settle, Timestamp, text_enum};
use std::time::Duration;

text_enum! {
    /// What to do when the provider gave no answer and cannot be asked: "never twice" and "not lost" cannot both be
    /// had.
    pub enum OnUnknown {
        /// Never risk a second ring for the same step; the next rung of the ladder is the remedy.
        Hold = "hold",
        /// Ring (or write) again when the start is near.
        Call = "call",
    }
}

/// With `on_unknown = "call"`, "near" is this long before the start.
const NEAR: Duration = Duration::from_secs(60);

/// A list that was read may have been asked for so long ago, at most.
const SINCE_ASKED: Duration = Duration::from_secs(10);

/// What the provider's list said about an attempt in this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStatus {
    /// Not asked yet: nothing is given up.
    NotYet,
    /// The list was read and settled nothing: it shows a call that may be the attempt's, or it was too early to say.
    Read,
    /// It could not be read, or there is none.
    Unreadable,
}

/// What settling compares an attempt with.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall time.
    pub now: Timestamp,
    /// Milliseconds of `CLOCK_BOOTTIME`.
    pub boottime_ms: i64,
    /// How long after a request's deadline the provider may still create its call.
    pub settle: Duration,
    /// What the config chose.
    pub on_unknown: OnUnknown,
}

/// What is known of the process that wrote an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerSeen {
    /// It ran in this boot of this machine.
    pub same_boot: bool,
    /// Does it run? `None`: nobody can tell.
    pub alive: Option<bool>,
    /// It is proved that it ended before its request began.
    pub never_began: bool,
}

/// An attempt whose request certainly never began was not sent, at once. Else `SENDING` becomes `UNKNOWN` when its owner is gone or its lease over; `UNKNOWN` is given up when it no longer
/// matters: its meeting starts, or the next call rung of the person falls due and the settle time has passed.
///
/// `owner_alive` is `None` when nobody can tell: then the lease decides for an owner of this boot. Nothing of another
/// boot still runs on a host that has the store for itself; where hosts share a server, the lease decides, by the
/// server's clock.
pub fn settle(attempt: &OpenAttempt, owner: OwnerSeen, asked: LookupStatus, moment: &Moment) -> Settle {
    let OwnerSeen { same_boot, alive, never_began } = owner;
    match attempt.state {
        AttemptState::Sending | AttemptState::Unknown if never_began => Settle::NeverBegan,
        AttemptState::Sending => {
            let held = match attempt.server {
                Some(age) if !same_boot => age.since_lease_ms < 0,
                _ => alive.unwrap_or(same_boot) && moment.boottime_ms < attempt.lease_until_boot_ms,
            };
            if held { Settle::Keep } else { Settle::Unknown }
        }
        AttemptState::Unknown if asked != LookupStatus::NotYet => unknown(attempt, same_boot, asked, moment),
        _ => Settle::Keep,
    }
}

/// How often something is sent in all, of which nobody knows whether it arrived. A webhook may arrive again with the same
/// key, a mail once more with the same `Message-ID`. A command is never repeated.
const fn most(kind: RungKind) -> u32 {
    match kind {
        RungKind::Webhook => 3,
        RungKind::Email => 2,
        RungKind::Command | RungKind::Call | RungKind::Sms => 1,
    }
}

/// A call or message is held until the provider's list or time has settled it. The rest is repeated while it makes sense.
fn unknown(attempt: &OpenAttempt, same_boot: bool, asked: LookupStatus, moment: &Moment) -> Settle {
    let in_time = attempt.deadline_at.is_some_and(|deadline| moment.now < deadline);
    match attempt.to.kind {
        RungKind::Call | RungKind::Sms => held(attempt, same_boot, asked, moment),
        kind if in_time && attempt.in_doubt < most(kind) => Settle::AbandonAndCall,
        RungKind::Webhook | RungKind::Email | RungKind::Command => Settle::Abandon,
    }
}

fn held(attempt: &OpenAttempt, same_boot: bool, asked: LookupStatus, moment: &Moment) -> Settle {
    let deadline = (attempt.request_deadline_at, attempt.deadline_boot_ms);
    let settled_after =
        |settle| is_settled((same_boot, attempt.server), deadline, (moment.now, moment.boottime_ms), settle);
    let settled = asked == LookupStatus::Unreadable && settled_after(moment.settle);
    // A list that was read leaves a doubt that time alone does not end. But the next rung waits no longer for it.
    let doubtful = asked == LookupStatus::Read && settled_after(moment.settle.saturating_add(SINCE_ASKED));
    let Some(deadline_at) = attempt.deadline_at else {
        // A test call has no meeting and no next rung: it matters until it has settled.
        return if settled { Settle::Abandon } else { Settle::Keep };
    };
    let superseded = attempt.next_rung_due.is_some_and(|due| due <= moment.now);
    if deadline_at <= moment.now || ((settled || doubtful) && superseded) {
        return Settle::Abandon;
    }
    let near = deadline_at.minus(NEAR) <= moment.now;
    if moment.on_unknown == OnUnknown::Call && settled && near && attempt.tries < RETRIES {
        return Settle::AbandonAndCall;
    }
    Settle::Keep
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptId, ServerAge};
    use crate::owner::Owner;

    const MOMENT: Moment = Moment {
        now: Timestamp::from_ms(1_000_000),
        boottime_ms: 50_000,
        settle: Duration::from_secs(30),
        on_unknown: OnUnknown::Hold,
    };

    /// Its request's deadline is now.
    fn attempt(state: AttemptState) -> OpenAttempt {
        OpenAttempt {
            id: AttemptId(1),
            state,
            owner: Owner::new("boot", 1, 1),
            lease_until_boot_ms: 60_000,
            request_deadline_at: MOMENT.now,
            deadline_boot_ms: MOMENT.boottime_ms,
            tries: 0,
            in_doubt: 1,
            to: crate::model::Target::read(crate::model::RungKind::Call, "+12025550101").unwrap(),
            deadline_at: Some(Timestamp::from_ms(1_100_000)),
            next_rung_due: None,
            server: None,
            token: "3f9a".into(),
            armed: None,
        }
    }

    fn settle(
        attempt: &OpenAttempt,
        same_boot: bool,
        alive: Option<bool>,
        asked: LookupStatus,
        moment: &Moment,
    ) -> Settle {
        super::settle(attempt, OwnerSeen { same_boot, alive, never_began: false }, asked, moment)
    }

    #[test]
    fn a_request_that_certainly_never_began_was_not_sent_whatever_else_is_known() {
        let owner = OwnerSeen { same_boot: true, alive: Some(false), never_began: true };
        for asked in [LookupStatus::NotYet, LookupStatus::Read, LookupStatus::Unreadable] {
            for state in [AttemptState::Sending, AttemptState::Unknown] {
                assert_eq!(super::settle(&attempt(state), owner, asked, &later(200)), Settle::NeverBegan, "{state}");
            }
        }
    }

    fn later(seconds: i64) -> Moment {
        let now = Timestamp::from_ms(MOMENT.now.ms() + seconds * 1000);
        Moment { now, boottime_ms: MOMENT.boottime_ms + seconds * 1000, ..MOMENT }
    }

    fn of(attempt: &OpenAttempt, moment: &Moment) -> Settle {
        settle(attempt, true, None, LookupStatus::Unreadable, moment)
    }

    #[test]
    fn a_running_request_is_left_alone_until_its_owner_is_gone_or_its_lease_over() {
        let sending = attempt(AttemptState::Sending);
        let of = |attempt, same_boot, alive| settle(attempt, same_boot, alive, LookupStatus::NotYet, &MOMENT);
        assert_eq!(of(&sending, true, Some(true)), Settle::Keep);
        assert_eq!(of(&sending, true, Some(false)), Settle::Unknown);
        assert_eq!(of(&sending, true, None), Settle::Keep, "it cannot be told: the lease decides");
        assert_eq!(of(&sending, false, None), Settle::Unknown);
        let over = OpenAttempt { lease_until_boot_ms: 50_000, ..sending.clone() };
        assert_eq!(of(&over, true, Some(true)), Settle::Unknown);
        assert_eq!(of(&over, true, None), Settle::Unknown);
    }

    fn age(since_deadline_ms: i64, since_lease_ms: i64) -> ServerAge {
        ServerAge { since_intent_ms: since_deadline_ms + 45_000, since_deadline_ms, since_lease_ms }
    }

    #[test]
    fn the_lease_of_another_host_ends_by_the_servers_clock_alone() {
        let of =
            |attempt: &OpenAttempt, same_boot, alive| settle(attempt, same_boot, alive, LookupStatus::NotYet, &MOMENT);
        let running = OpenAttempt { server: Some(age(-20_000, -1)), ..attempt(AttemptState::Sending) };
        assert_eq!(of(&running, false, None), Settle::Keep);
        let over_by_its_own_clocks = OpenAttempt { lease_until_boot_ms: 0, ..running.clone() };
        assert_eq!(of(&over_by_its_own_clocks, false, None), Settle::Keep);
        let over = OpenAttempt { server: Some(age(75_000, 0)), lease_until_boot_ms: i64::MAX, ..running.clone() };
        assert_eq!(of(&over, false, None), Settle::Unknown);
        assert_eq!(of(&running, true, Some(false)), Settle::Unknown, "of this boot it is known that its owner is gone");
    }

    #[test]
    fn an_unknown_attempt_of_another_host_settles_by_the_servers_clock() {
        let far = Moment { now: Timestamp::from_ms(1_039_000), boottime_ms: i64::MAX / 2, ..MOMENT };
        let due = OpenAttempt { next_rung_due: Some(MOMENT.now), ..attempt(AttemptState::Unknown) };
        let of = |server| {
            settle(&OpenAttempt { server: Some(server), ..due.clone() }, false, None, LookupStatus::Unreadable, &far)
        };
        assert_eq!(of(age(29_999, -1)), Settle::Keep);
        assert_eq!(of(age(30_000, -1)), Settle::Abandon);
    }

    #[test]
    fn a_doubt_that_the_list_leaves_ends_when_the_next_rung_is_due_and_it_has_settled() {
        let due = OpenAttempt { next_rung_due: Some(MOMENT.now), ..attempt(AttemptState::Unknown) };
        let at = |attempt: &OpenAttempt, ms| {
            let moment = Moment { boottime_ms: MOMENT.boottime_ms + ms, ..MOMENT };
            settle(attempt, true, Some(true), LookupStatus::Read, &moment)
        };
        assert_eq!([39_999, 40_000].map(|ms| at(&due, ms)), [Settle::Keep, Settle::Abandon]);
        assert_eq!(at(&OpenAttempt { next_rung_due: None, ..due }, 90_000), Settle::Keep);
    }

    #[test]
    fn an_unknown_attempt_is_held_until_the_next_rung_is_due_and_it_has_settled() {
        let unknown = attempt(AttemptState::Unknown);
        assert_eq!(of(&unknown, &later(90)), Settle::Keep);
        let due = OpenAttempt { next_rung_due: Some(MOMENT.now), ..unknown };
        assert_eq!(of(&due, &later(29)), Settle::Keep, "not settled yet");
        assert_eq!(of(&due, &later(30)), Settle::Abandon);
        let asked = |asked| settle(&due, true, None, asked, &later(30));
        assert_eq!(asked(LookupStatus::NotYet), Settle::Keep, "the provider is asked first");
        assert_eq!(asked(LookupStatus::Read), Settle::Keep, "a list that was read decides itself");
    }

    #[test]
    fn an_unknown_attempt_is_given_up_when_its_meeting_starts() {
        let started = OpenAttempt { deadline_at: Some(MOMENT.now), ..attempt(AttemptState::Unknown) };
        for asked in [LookupStatus::Read, LookupStatus::Unreadable] {
            assert_eq!(settle(&started, true, None, asked, &MOMENT), Settle::Abandon);
        }
    }

    #[test]
    fn with_on_unknown_call_it_rings_once_more_when_the_start_is_near() {
        let unknown = attempt(AttemptState::Unknown);
        let call = |seconds| Moment { on_unknown: OnUnknown::Call, ..later(seconds) };
        assert_eq!(of(&unknown, &call(39)), Settle::Keep, "settled, the start is 61 s away");
        assert_eq!(of(&unknown, &call(40)), Settle::AbandonAndCall);
        assert_eq!(of(&OpenAttempt { tries: 1, ..unknown.clone() }, &call(40)), Settle::Keep);
        assert_eq!(of(&unknown, &later(40)), Settle::Keep, "hold");
    }

    #[test]
    fn a_webhook_is_sent_three_times_at_most_a_mail_twice_and_a_command_once() {
        let of_kind = |kind, in_doubt| {
            let to = crate::model::Target::read(kind, "a@example.com").unwrap();
            // What certainly did not leave before spends nothing of it.
            let unknown = OpenAttempt { tries: 9, in_doubt, to, ..attempt(AttemptState::Unknown) };
            let in_time = of(&unknown, &MOMENT);
            (in_time, of(&OpenAttempt { deadline_at: Some(MOMENT.now), ..unknown }, &MOMENT))
        };
        let (again, never) = ((Settle::AbandonAndCall, Settle::Abandon), (Settle::Abandon, Settle::Abandon));
        assert_eq!([1, 2, 3].map(|n| of_kind(RungKind::Webhook, n)), [again, again, never]);
        assert_eq!([1, 2].map(|n| of_kind(RungKind::Email, n)), [again, never]);
        assert_eq!(of_kind(RungKind::Command, 1), never);
    }

    #[test]
    fn an_unknown_test_call_is_given_up_once_it_has_settled() {
        let test_call = OpenAttempt { deadline_at: None, ..attempt(AttemptState::Unknown) };
        assert_eq!(of(&test_call, &MOMENT), Settle::Keep);
        assert_eq!(of(&test_call, &later(30)), Settle::Abandon);
    }

    #[test]
    fn a_wall_clock_that_jumps_ahead_settles_nothing() {
        let due = OpenAttempt { next_rung_due: Some(MOMENT.now), ..attempt(AttemptState::Unknown) };
        let jumped = Moment { now: Timestamp::from_ms(MOMENT.now.ms() + 90_000), ..MOMENT };
        assert_eq!(of(&due, &jumped), Settle::Keep);
    }
}
