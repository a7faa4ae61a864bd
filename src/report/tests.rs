use super::outcome::{Ending, Outcome, of_attempt};
use super::span::{SpanError, span};
use super::*;
use crate::model::{
    Amount, AttemptState, AttemptTally, CallStatus, DelayTally, IncidentState, IncidentTally, Money, Reason,
    RefusedTally, RungKind, Timestamp,
};
use crate::zone::{Civil, Zone};

fn call(state: AttemptState, status: Option<CallStatus>, count: u64) -> AttemptTally {
    AttemptTally {
        group: Group::Person("ana".into()),
        rehearsed: false,
        test: false,
        kind: RungKind::Call,
        state,
        call_status: status,
        answered_by: None,
        error_code: None,
        http_status: None,
        capacity: false,
        held_back: false,
        retry: false,
        price: None,
        price_unit: None,
        error: None,
        count,
    }
}

fn accepted(status: CallStatus, count: u64) -> AttemptTally {
    call(AttemptState::Accepted, Some(status), count)
}

fn priced(price: &str, unit: Option<&str>, count: u64) -> AttemptTally {
    let price_unit = unit.map(str::to_owned);
    AttemptTally { price: Some(price.into()), price_unit, ..accepted(CallStatus::Completed, count) }
}

fn of(attempts: Vec<AttemptTally>) -> Summary {
    summary(&Tally { attempts, ..Tally::default() }, false)
}

#[test]
fn every_attempt_has_one_outcome() {
    use AttemptState as S;
    use CallStatus as C;
    let by = |who: &str| AttemptTally { answered_by: Some(who.into()), ..accepted(C::Completed, 1) };
    let sms = |status| AttemptTally { kind: RungKind::Sms, ..accepted(status, 1) };
    for (row, outcome) in [
        (accepted(C::Completed, 1), Outcome::Answered),
        (accepted(C::InProgress, 1), Outcome::Answered),
        (by("human"), Outcome::Answered),
        (by("unknown"), Outcome::Answered),
        (by("machine_end_beep"), Outcome::Voicemail),
        (by("fax"), Outcome::Voicemail),
        (accepted(C::NoAnswer, 1), Outcome::NoAnswer),
        (accepted(C::Busy, 1), Outcome::Busy),
        (accepted(C::Canceled, 1), Outcome::Canceled),
        (accepted(C::Failed, 1), Outcome::Failed),
        (accepted(C::Queued, 1), Outcome::UnderWay),
        (accepted(C::Simulated, 1), Outcome::Simulated),
        (sms(C::Delivered), Outcome::Sent),
        (sms(C::Sent), Outcome::Sent),
        (sms(C::Undelivered), Outcome::Failed),
        (sms(C::Sending), Outcome::UnderWay),
        (AttemptTally { kind: RungKind::Email, ..accepted(C::Done, 1) }, Outcome::Sent),
        (call(S::Sending, None, 1), Outcome::UnderWay),
        (call(S::Unknown, None, 1), Outcome::Unknown),
        (call(S::Abandoned, None, 1), Outcome::Unknown),
        (call(S::Absent, None, 1), Outcome::NotSent),
        (call(S::NotSent, None, 1), Outcome::NotSent),
        (AttemptTally { held_back: true, ..call(S::NotSent, None, 1) }, Outcome::HeldBack),
        (call(S::Rejected, None, 1), Outcome::Refused),
        (AttemptTally { capacity: true, ..call(S::Rejected, None, 1) }, Outcome::RateLimited),
    ] {
        assert_eq!(of_attempt(&row), outcome, "{row:?}");
    }
}

#[test]
fn the_answer_rate_is_of_calls_that_rang_to_their_own_end() {
    let total = of(vec![
        accepted(CallStatus::Completed, 5),
        accepted(CallStatus::NoAnswer, 2),
        accepted(CallStatus::Busy, 1),
        // Neither somebody who checked in meanwhile nor a broken line says anything about answering.
        accepted(CallStatus::Canceled, 10),
        accepted(CallStatus::Failed, 10),
        call(AttemptState::Rejected, None, 10),
    ])
    .total;
    assert_eq!((total.calls.placed(), total.calls.failed(), total.calls.answer_rate()), (28, 20, Some(625)));
    assert_eq!(of(vec![accepted(CallStatus::Canceled, 3)]).total.calls.answer_rate(), None);
}

#[test]
fn rehearsed_and_real_calls_are_never_added_up() {
    let mock = AttemptTally { rehearsed: true, ..accepted(CallStatus::Completed, 7) };
    let tally = Tally { attempts: vec![accepted(CallStatus::Busy, 2), mock], ..Tally::default() };
    let (real, rehearsed) = (summary(&tally, false), summary(&tally, true));
    assert_eq!((real.total.calls.placed(), real.left_out), (2, 7));
    assert_eq!((rehearsed.total.calls.placed(), rehearsed.left_out), (7, 2));
    assert_eq!(rehearsed.total.unpriced_calls, 0, "a rehearsal costs nothing");
}

#[test]
fn prices_are_added_up_by_currency_and_those_to_come_are_counted() {
    let total = of(vec![
        priced("-0.0140", Some("USD"), 3),
        priced("-0.0085", Some("USD"), 1),
        priced("-0.02", Some("EUR"), 1),
        priced("-0.01", None, 1),
        accepted(CallStatus::Completed, 12),
        priced("soon", Some("USD"), 1),
        AttemptTally { kind: RungKind::Sms, ..accepted(CallStatus::Delivered, 4) },
        // What nobody picked up costs nothing.
        accepted(CallStatus::NoAnswer, 9),
    ])
    .total;
    let sums: Vec<_> = total.spend.iter().map(|(unit, amount)| (unit.to_owned(), amount.exact())).collect();
    assert_eq!(sums, [("?".into(), "0.01".into()), ("EUR".into(), "0.02".into()), ("USD".into(), "0.0505".into())]);
    assert_eq!((total.unpriced_calls, total.unpriced_messages), (13, 4));
}

#[test]
fn a_test_call_is_paid_for_and_counted_apart() {
    let total = of(vec![AttemptTally { test: true, ..priced("-0.01", Some("USD"), 2) }]).total;
    assert_eq!((total.calls.placed(), total.test_calls, total.spend.of("USD").exact().as_str()), (0, 2, "0.02"));
}

#[test]
fn retries_and_limits_are_counted_for_what_was_tried() {
    let limited = AttemptTally { capacity: true, ..call(AttemptState::Rejected, None, 4) };
    let total = of(vec![
        AttemptTally { retry: true, ..limited.clone() },
        AttemptTally { kind: RungKind::Sms, ..limited },
        AttemptTally { retry: true, held_back: true, ..call(AttemptState::NotSent, None, 5) },
    ])
    .total;
    assert_eq!((total.retries, total.rate_limited, total.calls.of(Outcome::HeldBack)), (4, 8, 5));
}

#[test]
fn a_meeting_counts_by_how_it_ended_and_after_how_many_calls() {
    use IncidentState::{Cancelled, Missed, Resolved};
    let ended = |state, reason, acknowledged, calls, count| IncidentTally {
        group: Group::Person("ana".into()),
        rehearsed: false,
        state,
        reason,
        acknowledged,
        calls,
        count,
    };
    let incidents = vec![
        ended(Resolved, Reason::Joined, false, 0, 10),
        ended(Resolved, Reason::Presence, false, 0, 1),
        ended(Resolved, Reason::Joined, false, 1, 5),
        ended(Resolved, Reason::Joined, true, 2, 3),
        ended(Resolved, Reason::Operator, false, 2, 2),
        ended(Missed, Reason::NoCheckIn, false, 2, 4),
        ended(Missed, Reason::NoCheckIn, true, 1, 6),
        ended(Missed, Reason::SaidMissed, false, 0, 7),
        ended(Cancelled, Reason::MeetingMoved, false, 0, 8),
    ];
    let meetings = summary(&Tally { incidents, ..Tally::default() }, false).total.meetings;
    assert_eq!(meetings.total(), 46);
    assert_eq!(meetings.after_calls().collect::<Vec<_>>(), [(1, 5), (2, 3)]);
    let of = [Ending::Joined(0), Ending::Operator, Ending::Missed, Ending::Acknowledged, Ending::SaidMissed];
    assert_eq!(of.map(|ending| meetings.of(ending)), [11, 2, 4, 6, 7]);
    assert_eq!(meetings.of(Ending::CalledOff), 8);
}

#[test]
fn failures_of_one_code_are_one_line_and_the_most_frequent_stands_first() {
    let refused = |code, error: &str, count| AttemptTally {
        error_code: code,
        error: Some(error.into()),
        ..call(AttemptState::Rejected, None, count)
    };
    let summary = of(vec![
        refused(Some(21215), "no", 1),
        AttemptTally { retry: true, ..refused(Some(21215), "not there", 2) },
        refused(None, "what?", 9),
        accepted(CallStatus::Completed, 99),
    ]);
    let told: Vec<_> = summary.failures.iter().map(|f| (f.code, f.count, f.said.as_deref())).collect();
    assert_eq!(told, [(None, 9, Some("what?")), (Some(21215), 3, Some("no"))]);
}

#[test]
fn steps_without_an_attempt_are_counted_by_their_reason() {
    let refused = |reason, count| RefusedTally {
        group: Group::Person("ana".into()),
        rehearsed: false,
        kind: RungKind::Call,
        reason,
        count,
    };
    let refused = vec![refused(Reason::Paused, 1), refused(Reason::NumberBusy, 2), refused(Reason::Paused, 4)];
    let summary = summary(&Tally { refused, ..Tally::default() }, false);
    let told: Vec<_> = summary.not_tried.iter().map(|n| (n.reason, n.count)).collect();
    assert_eq!((told, summary.total.not_tried), (vec![(Reason::Paused, 5), (Reason::NumberBusy, 2)], 7));
}

#[test]
fn percentiles_are_delays_that_were_really_met() {
    let delay = |ms, count| DelayTally { rehearsed: false, ms, count };
    let of = |rows: &[DelayTally]| {
        let delay = delay::Delay::of(rows.iter());
        (delay.percentile(50), delay.percentile(99))
    };
    assert_eq!(of(&[]), (None, None));
    assert_eq!(of(&[delay(700, 1)]), (Some(700), Some(700)));
    assert_eq!(of(&[delay(29_000, 1), delay(100, 50), delay(200, 49)]), (Some(100), Some(200)));
    assert_eq!(of(&[delay(29_000, 2), delay(100, 50), delay(200, 48)]), (Some(100), Some(29_000)));
}

#[test]
fn the_sums_of_the_groups_are_the_total() {
    let rows: Vec<_> = ["ana", "bo", "ana"]
        .iter()
        .zip([1, 2, 4])
        .map(|(who, n)| AttemptTally { group: Group::Person((*who).into()), ..priced("-0.01", Some("USD"), n) })
        .collect();
    let summary = of(rows);
    let mut sum = Totals::default();
    summary.groups.values().for_each(|totals| sum.add(totals));
    assert_eq!((summary.groups.len(), &sum), (2, &summary.total));
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_ms(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
}

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").unwrap()
}

#[test]
fn a_span_of_days_begins_at_midnight_and_ends_now() {
    let now = at("2026-11-22T12:00:00Z");
    let read = |since: &str, until: Option<&str>| {
        let span = span(since, until, now, &berlin()).map_err(|e| e.to_string());
        span.map(|s| (s.since.to_rfc3339(), s.until.to_rfc3339(), s.days.len()))
    };
    let known = |since: &str, until: &str, days| Ok((format!("{since}.000Z"), format!("{until}.000Z"), days));
    let noon = "2026-11-22T12:00:00";
    assert_eq!(read("1d", None), known("2026-11-21T23:00:00", noon, 1));
    assert_eq!(read("30d", None), known("2026-10-23T22:00:00", noon, 30));
    assert_eq!(read("36h", None), known("2026-11-21T00:00:00", noon, 2));
    assert_eq!(read("2026-11-01", Some("2026-11-02")), known("2026-10-31T23:00:00", "2026-11-02T23:00:00", 2));
    assert_eq!(read("7d", Some("2026-10-31")), known("2026-10-24T22:00:00", "2026-10-31T23:00:00", 7));
    assert_eq!(read("2026-11-22T09:00:00Z", Some("1h")), known("2026-11-22T09:00:00", "2026-11-22T11:00:00", 1));
    for wrong in ["", "soon", "2026-02-30", "26-1-1", "-3d", "\u{1b}[2J"] {
        assert!(read(wrong, None).unwrap_err().contains("is no span or date; write `30d`"), "{wrong}");
        assert!(read("1d", Some(wrong)).unwrap_err().contains("is no span or date"), "{wrong}");
    }
    assert!(read("2026-11-23", None).unwrap_err().starts_with("the report would end before it begins"));
    assert_eq!(span("1990-01-01", None, now, &berlin()), Err(SpanError::TooLong));
}

#[test]
fn days_begin_where_the_zone_says_even_when_clocks_change() {
    let span = span("2026-10-24", Some("2026-10-26"), at("2026-11-22T12:00:00Z"), &berlin()).unwrap();
    let begins: Vec<_> = span.days.iter().map(|(date, begin)| (date.2, begin.to_rfc3339())).collect();
    let expected = [(24, "2026-10-23T22"), (25, "2026-10-24T22"), (26, "2026-10-25T23")];
    assert_eq!(begins, expected.map(|(day, hour)| (day, format!("{hour}:00:00.000Z"))));
}

fn usd(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

#[test]
fn the_forecast_is_the_month_so_far_per_day_times_its_days() {
    let zone = Zone::utc();
    let month = |day, hour| {
        let now = zone.instant(Civil { date: (2026, 11, day), time: (hour, 0, 0) }).unwrap();
        month::Month::around(now, &zone)
    };
    assert_eq!((month(16, 0).word(), month(16, 0).forecast(usd("5")).exact()), ("November", "10".into()));
    assert_eq!(month(1, 6).forecast(usd("1")).exact(), "30", "less than a day counts as one");
    let december = month::Month::around(at("2026-12-31T23:59:00Z"), &zone);
    assert_eq!((december.word(), december.end.to_rfc3339().as_str()), ("December", "2027-01-01T00:00:00.000Z"));
    assert_eq!(december.forecast(usd("31")).to_string(), "31.00");
}

#[test]
fn a_budget_is_held_against_its_own_currency_alone() {
    let zone = Zone::utc();
    let month = month::Month::around(at("2026-11-16T00:00:00Z"), &zone);
    let spend = of(vec![priced("-5", Some("EUR"), 1), priced("-6", Some("USD"), 1)]).total.spend;
    let above = |budget: &str| -> Vec<_> {
        let outlooks = month::outlooks(&month, &spend, Money::parse(budget).as_ref());
        outlooks.iter().map(|o| (o.unit.clone(), o.is_above())).collect()
    };
    assert_eq!(above("12 USD"), [("EUR".into(), false), ("USD".into(), false)]);
    assert_eq!(above("11.99 USD"), [("EUR".into(), false), ("USD".into(), true)]);
    assert_eq!(above("1 CHF"), [("EUR".into(), false), ("USD".into(), false), ("CHF".into(), false)]);
}
