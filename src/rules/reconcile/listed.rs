//! What a call in the provider's list means that no attempt knows.
//!
//! This database may have lost it: it was deleted, restored from a backup, or its server failed over. Or another program
//! calls from the same number. Nobody can tell the two apart for certain, so such a call
//!
//! - occupies the phone as a call of ours does: while it lives, but no longer than a phone rings, and for the gap;
//! - counts for the limit of a meeting if it was created since the meeting's first rung of its kind was due;
//! - is adopted, and so hung up with its incident, only if it was created since the step was due and in a stretch of
//!   time that this database does not remember.

use crate::model::{CallStatus, Facts, ListedCall, Placed, Remembered, StepFacts, TickSpan, Timestamp};
use std::borrow::Cow;
use std::time::Duration;

/// Times in the provider's list are cut to whole seconds.
const CUT: Duration = Duration::from_secs(1);

/// Schedulers start a tick every minute at least. If this long no tick ran, some are missing.
const GAP: Duration = Duration::from_secs(120);

/// The facts with what the list adds to them.
pub fn seen(facts: &Facts, now: Timestamp) -> Cow<'_, Facts> {
    let Some(step) = &facts.step else { return Cow::Borrowed(facts) };
    if facts.number.listed.is_empty() {
        return Cow::Borrowed(facts);
    }
    let mut seen = facts.clone();
    for call in &facts.number.listed {
        let created_at = Some(created(call, step.due_at, now));
        seen.number.last_rang_at = seen.number.last_rang_at.max(created_at);
        if !call.status.is_final() {
            seen.number.live_since = seen.number.live_since.max(created_at);
        }
    }
    if let Some(step) = &mut seen.step {
        step.recent_calls = step.recent_calls.saturating_add(counted(facts, now));
    }
    Cow::Owned(seen)
}

/// How many of the listed calls count for the limit of the step's meeting.
pub fn counted(facts: &Facts, now: Timestamp) -> u32 {
    let Some(step) = &facts.step else { return 0 };
    let counts = |call: &&ListedCall| counts(call, step, now);
    u32::try_from(facts.number.listed.iter().filter(counts).count()).unwrap_or(u32::MAX)
}

fn counts(call: &ListedCall, step: &StepFacts, now: Timestamp) -> bool {
    // Somebody may have been talking for hours.
    let talk = call.status == CallStatus::InProgress && call.is_hours_off(now) && call.created_at < now;
    !talk && created(call, step.due_at, now).plus(CUT) > step.first_due_at
}

/// When it was created, as far as that can be believed. A time that cannot be right is taken for the step's due time:
/// then the call is found and occupies the phone, and not for ever.
fn created(call: &ListedCall, due_at: Timestamp, now: Timestamp) -> Timestamp {
    if call.is_hours_off(now) { due_at.min(now) } else { call.created_at.min(now) }
}

/// The oldest call that was placed for this step and that the database has lost. A call of the same second as the end of
/// the last tick counts: where many hosts tick, some tick always ended in that second.
pub fn placed_before(facts: &Facts, now: Timestamp, memory: &Remembered) -> Option<Placed> {
    let step = facts.step.as_ref()?;
    let lost = |created_at: Timestamp| created_at.plus(CUT) > step.due_at && !remembers(memory, created_at);
    let calls = facts.number.listed.iter().enumerate();
    let placed = calls.map(|(index, call)| Placed { index, created_at: created(call, step.due_at, now) });
    placed.filter(|placed| lost(placed.created_at)).min_by_key(|placed| placed.created_at)
}

/// Would this database know of a call that was created at this time, to the second, if a tick of it had placed it? Ticks
/// that completed must lie around that time: after the last one nobody knows what was lost, nor before the first one, nor
/// in a gap between two. Since a time from which it is certain that the database went on it knows of every call, and how
/// it came to that time is not certain: nothing lies between the ticks before and those after.
pub fn remembers(memory: &Remembered, at: Timestamp) -> bool {
    let Some(since) = memory.on_since else { return lies_among(&memory.ticks, at) };
    if since <= at {
        return true;
    }
    let before: Vec<TickSpan> = memory.ticks.iter().filter(|tick| tick.started_at < since).copied().collect();
    lies_among(&before, at)
}

fn lies_among(ticks: &[TickSpan], at: Timestamp) -> bool {
    let after = ticks.iter().filter(|tick| tick.ended_at >= at.plus(CUT)).map(|tick| tick.started_at).min();
    let Some(after) = after else { return false };
    let before = ticks.iter().filter(|tick| tick.started_at <= at).map(|tick| tick.ended_at).max();
    after <= at || before.is_some_and(|before| before.plus(GAP) >= after)
}

/// How long after a check-in the provider may create a call whose request was under way.
const UNDER_WAY: Duration = Duration::from_secs(60);

/// The calls of an incident that has ended which ring on, since the database that placed them was lost: created from when
/// its first rung was due until it ended.
pub fn rings_on(
    unknown: &[ListedCall],
    (since, until): (Timestamp, Timestamp),
    now: Timestamp,
    memory: &Remembered,
) -> Vec<Placed> {
    let calls = unknown.iter().enumerate().filter(|(_, call)| !call.status.is_final());
    let placed = calls.map(|(index, call)| Placed { index, created_at: created(call, since, now) });
    let lost = |placed: &Placed| {
        let at = placed.created_at;
        at.plus(CUT) > since && at <= until.plus(UNDER_WAY) && !remembers_until_now(memory, at, now)
    };
    placed.filter(lost).collect()
}

/// May such a call have been lost at all? If not, nobody is asked.
pub fn may_ring_on((since, until): (Timestamp, Timestamp), now: Timestamp, memory: &Remembered) -> bool {
    let between = memory.ticks.iter().map(|tick| tick.ended_at).filter(|at| *at > since && *at < until);
    between.chain([since, until]).any(|at| !remembers_until_now(memory, at, now))
}

/// The same as [`remembers`]; but the ticks go on with this one, so that the time since the last is no gap by itself.
fn remembers_until_now(memory: &Remembered, at: Timestamp, now: Timestamp) -> bool {
    if memory.on_since.is_some() {
        return remembers(memory, at);
    }
    let this = TickSpan { started_at: now, ended_at: Timestamp::from_ms(i64::MAX) };
    let all: Vec<TickSpan> = memory.ticks.iter().copied().chain([this]).collect();
    lies_among(&all, at)
}

/// Has a tick completed not long before? One that completed later did so before the clock was turned back.
pub fn ticks_go_on(ticks: &[TickSpan], now: Timestamp) -> bool {
    ticks.iter().any(|tick| tick.ended_at.plus(GAP) > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, IncidentState, LaterRungs, NumberFacts, When};

    /// So many seconds before the meeting.
    fn before(s: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000_000 - s * 1000)
    }

    fn call(created: Timestamp, status: CallStatus) -> ListedCall {
        let from = Address::Named("ours".into());
        ListedCall { sid: format!("CA{}", created.ms()), from, status, created_at: created, tag: None }
    }

    /// A step due 90 s before the start, in a ladder that begins 180 s before it.
    fn facts(listed: Vec<ListedCall>) -> Facts {
        let step = StepFacts {
            incident_state: IncidentState::Open,
            current: true,
            starts_at: before(0),
            due_at: before(90),
            first_due_at: before(180),
            deadline_at: before(0),
            when: When::Unanswered,
            recent_calls: 0,
            recent_untaken: 0,
            later: LaterRungs::default(),
            refused_for_capacity: false,
            unsent: None,
        };
        let number = NumberFacts { listed, ..NumberFacts::default() };
        Facts {
            step: Some(step),
            number,
            pause: None,
            calls_of_person_today: 0,
            calls_today: 0,
            untaken_of_person_today: 0,
            untaken_today: 0,
        }
    }

    fn ticks<const N: usize>(spans: [(i64, i64); N]) -> Vec<TickSpan> {
        spans.map(|(from, to)| TickSpan { started_at: before(from), ended_at: before(to) }).to_vec()
    }

    fn known(ticks: &[TickSpan]) -> Remembered {
        Remembered { ticks: ticks.to_vec(), on_since: None }
    }

    fn chosen(call: &ListedCall, now: Timestamp, ticks: &[TickSpan]) -> Option<Timestamp> {
        placed_before(&facts(vec![call.clone()]), now, &known(ticks)).map(|placed| placed.created_at)
    }

    #[test]
    fn an_unknown_call_occupies_the_phone_while_it_lives_and_for_the_gap_from_its_creation() {
        let facts = facts(vec![call(before(100), CallStatus::Completed), call(before(110), CallStatus::Ringing)]);
        let number = seen(&facts, before(80)).number.clone();
        assert_eq!((number.live_since, number.last_rang_at), (Some(before(110)), Some(before(100))));
    }

    #[test]
    fn an_unknown_call_counts_if_it_was_created_since_the_first_rung_of_its_meeting_was_due() {
        let count = |created| counted(&facts(vec![call(before(created), CallStatus::NoAnswer)]), before(80));
        assert_eq!([count(300), count(182), count(180), count(100)], [0, 0, 1, 1]);
        let all = facts(vec![call(before(300), CallStatus::Busy), call(before(170), CallStatus::Busy)]);
        assert_eq!(seen(&all, before(80)).step.as_ref().unwrap().recent_calls, 1);
    }

    #[test]
    fn without_any_tick_every_call_since_the_step_was_due_is_adopted() {
        assert_eq!(chosen(&call(before(85), CallStatus::Ringing), before(80), &[]), Some(before(85)));
        assert_eq!(chosen(&call(before(92), CallStatus::Ringing), before(80), &[]), None, "it was not due");
    }

    #[test]
    fn a_call_is_adopted_after_the_last_tick_before_the_first_one_and_in_a_gap() {
        let now = before(20);
        let one = call(before(60), CallStatus::Busy);
        for (spans, adopted) in [
            (ticks([(100, 99)]), true),
            (ticks([(100, 99), (50, 49)]), false),
            (ticks([(400, 399), (50, 49)]), true),
            (ticks([(50, 49)]), true),
            (ticks([(61, 40)]), false),
            (ticks([(61, 60)]), true),
            (ticks([(90_000, 89_999), (-90_000, -90_001)]), true),
        ] {
            assert_eq!(chosen(&one, now, &spans).is_some(), adopted, "{spans:?}");
        }
    }

    #[test]
    fn a_call_of_the_second_in_which_the_last_tick_ended_is_adopted() {
        let one = call(before(60), CallStatus::Busy);
        let ended = |ms| [TickSpan { started_at: before(70), ended_at: Timestamp::from_ms(before(60).ms() + ms) }];
        assert_eq!([999, 1000].map(|ms| chosen(&one, before(20), &ended(ms)).is_some()), [true, false]);
    }

    #[test]
    fn where_the_database_went_on_no_call_since_its_last_tick_is_adopted_however_long_ago_that_was() {
        for last in [61, 85, 300] {
            let on = Remembered { ticks: ticks([(last, last - 1)]), on_since: Some(before(last)) };
            let chosen =
                |created| placed_before(&facts(vec![call(before(created), CallStatus::Ringing)]), before(20), &on);
            assert_eq!([60, 30, 20].map(|created| chosen(created).is_some()), [false; 3], "{last}");
            let rings = [call(before(60), CallStatus::Ringing)];
            assert_eq!(rings_on(&rings, (before(90), before(50)), before(20), &on), [], "{last}");
        }
        let young = Remembered { ticks: vec![], on_since: Some(before(50)) };
        assert!(placed_before(&facts(vec![call(before(60), CallStatus::Busy)]), before(20), &young).is_some());
    }

    #[test]
    fn a_call_of_the_time_before_a_restored_database_went_on_is_adopted_however_many_ticks_came_since() {
        let ticks = ticks([(120, 119), (60, 59), (30, 29)]);
        let one = |created| facts(vec![call(before(created), CallStatus::Busy)]);
        let chosen = |on_since, created| {
            placed_before(&one(created), before(10), &Remembered { ticks: ticks.clone(), on_since }).is_some()
        };
        assert_eq!([80, 60, 50].map(|created| chosen(Some(before(60)), created)), [true, false, false]);
        assert!(!chosen(None, 80), "where nobody can say, ticks so near count as going on");
        assert!(!chosen(Some(before(120)), 80));
    }

    #[test]
    fn a_live_call_that_is_hours_off_is_found_and_occupies_the_phone_as_if_created_when_the_step_was_due() {
        for off in [-7200, 7200, 3600] {
            let one = call(before(85 + off), CallStatus::Ringing);
            assert_eq!(chosen(&one, before(80), &[]), Some(before(90)), "{off}");
            assert_eq!(seen(&facts(vec![one.clone()]), before(80)).number.live_since, Some(before(90)));
            assert_eq!(counted(&facts(vec![one]), before(80)), 1);
        }
        let over = call(before(7200), CallStatus::Completed);
        assert_eq!(chosen(&over, before(80), &[]), None, "it is as old as it says");
        let talk = facts(vec![call(before(7200), CallStatus::InProgress)]);
        assert_eq!(counted(&talk, before(80)), 0, "somebody may talk for hours");
    }

    #[test]
    fn a_call_of_an_ended_incident_rings_on_if_it_was_made_in_a_time_that_is_lost() {
        let (since, until, now) = (before(180), before(100), before(80));
        let one =
            |created| rings_on(&[call(before(created), CallStatus::Ringing)], (since, until), now, &known(&[])).len();
        assert_eq!([185, 180, 120, 90, 30].map(one), [0, 1, 1, 1, 0]);
        let over = [call(before(120), CallStatus::Completed)];
        assert_eq!(rings_on(&over, (since, until), now, &known(&[])), []);
        let rings = [call(before(120), CallStatus::Ringing)];
        assert_eq!(rings_on(&rings, (since, until), now, &known(&ticks([(150, 149)]))), [], "ticks go on");
        assert_eq!(rings_on(&rings, (since, until), now, &known(&ticks([(350, 349)]))).len(), 1);
        let asks = |ticks: &[TickSpan]| may_ring_on((since, until), now, &known(ticks));
        assert!(asks(&[]) && asks(&ticks([(110, 109)])) && asks(&ticks([(400, 399), (110, 109)])));
        assert!(!asks(&ticks([(240, 239), (130, 129)])));
    }

    #[test]
    fn ticks_go_on_if_one_completed_in_the_last_two_minutes() {
        let go_on = |spans: &[TickSpan]| ticks_go_on(spans, before(0));
        assert!(!go_on(&[]) && !go_on(&ticks([(130, 120)])));
        assert!(go_on(&ticks([(130, 119)])));
    }
}
