//! `report --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::data::{MonthSpending, ReportData, Row};
use super::words;
use crate::cli::args::ReportBy;
use crate::cli::json::object;
use crate::model::{Amount, RungKind, printable};
use crate::report::month::Outlook;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Meetings, Totals};
use crate::report::trouble::{Failure, NotTried};
use serde::Serialize;

/// The fields, for the manual page.
pub const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now, since, until", "when the report was made, and its period; all times are RFC 3339 in UTC"),
    ("zone", "the time zone of its days"),
    ("mock", "true: the report counts what the mock phone did and test mode recorded, and nothing real"),
    ("left_out", "calls and messages of the other kind (mock or real), which are not in these numbers"),
    (
        "total",
        "calls (placed, answered, voicemail, no_answer, busy, canceled, failed, under_way, unknown, simulated, \
         refused, rate_limited, not_sent, held_back, answer_rate, retries; placed is the sum of those from answered \
         to simulated; answer_rate, from 0 to 1, is answered divided by the sum of answered, voicemail, no_answer \
         and busy; null if that is 0), messages (the same by kind: sms, email, webhook, command, with sent instead \
         of answered), meetings (ended, joined_before_first_call, joined_after_call (calls, meetings), acknowledged \
         (and never checked in), missed, said_missed, ended_by_operator, called_off), test_calls (of call-test; in \
         spend, not in calls), rate_limited (calls and messages that the provider refused because of its limit), \
         not_tried (steps a guard refused), spend (unit, amount, a decimal number as text), unpriced_calls, \
         unpriced_messages (picked up or sent, and without a price)",
    ),
    ("rows", "one object for each day (day) or person (person, name), with the fields of total"),
    ("failures", "kind, outcome, code, http_status, count, meaning, remedy"),
    ("not_tried", "kind, reason (as in status --json), count"),
    (
        "delay",
        "of first attempts to call, from the due time: count, p50_ms, p99_ms (null without any), in tenths of a second",
    ),
    (
        "month",
        "null with --mock; else the calendar month of now: begin, end, currencies (unit, so_far, forecast, budget \
         (null without one), above: true when the budget will not suffice)",
    ),
];

/// Makes the object; text from outside is cleaned.
pub(super) fn report(data: &ReportData<'_>) -> impl Serialize {
    let summary = &data.summary;
    let not_tried = |steps: &NotTried| object! { kind: steps.kind, reason: steps.reason, count: steps.count };
    let delay = &summary.delay;
    object! {
        schema: 1,
        now: data.now,
        since: data.span.since,
        until: data.span.until,
        zone: data.zone.name(),
        mock: data.mock,
        left_out: summary.left_out,
        total: totals(&summary.total),
        rows: data.rows().iter().map(|line| row(line, data.by)).collect::<Vec<_>>(),
        failures: summary.failures.iter().map(failure).collect::<Vec<_>>(),
        not_tried: summary.not_tried.iter().map(not_tried).collect::<Vec<_>>(),
        delay: object! { count: delay.count(), p50_ms: delay.percentile(50), p99_ms: delay.percentile(99) },
        month: data.month.as_ref().map(month),
    }
}

/// What a row is of.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Day(String),
    Person(String),
}

#[derive(Serialize)]
struct Name {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

fn row(row: &Row, by: ReportBy) -> impl Serialize + use<> {
    let key = printable(&row.key);
    object! {
        #[serde(flatten)]
        key: if by == ReportBy::Day { Key::Day(key) } else { Key::Person(key) },
        #[serde(flatten)]
        name: Name { name: row.name.as_deref().map(printable) },
        #[serde(flatten)]
        totals: totals(&row.totals),
    }
}

fn totals(totals: &Totals) -> impl Serialize + use<> {
    let message = |(kind, counts): (&RungKind, &Counts)| {
        object! {
            kind: *kind,
            placed: counts.placed(),
            sent: counts.of(Outcome::Sent),
            #[serde(flatten)]
            rest: rest(counts),
        }
    };
    let money = |(unit, amount): (&str, Amount)| object! { unit: printable(unit), amount: amount.exact() };
    object! {
        calls: calls(&totals.calls, totals.retries),
        messages: totals.others.iter().map(message).collect::<Vec<_>>(),
        meetings: meetings(&totals.meetings),
        test_calls: totals.test_calls,
        rate_limited: totals.rate_limited,
        not_tried: totals.not_tried,
        spend: totals.spend.iter().map(money).collect::<Vec<_>>(),
        unpriced_calls: totals.unpriced_calls,
        unpriced_messages: totals.unpriced_messages,
    }
}

fn calls(counts: &Counts, retries: u64) -> impl Serialize + use<> {
    object! {
        placed: counts.placed(),
        answered: counts.of(Outcome::Answered),
        voicemail: counts.of(Outcome::Voicemail),
        no_answer: counts.of(Outcome::NoAnswer),
        busy: counts.of(Outcome::Busy),
        #[serde(flatten)]
        rest: rest(counts),
        answer_rate: counts.answer_rate().map(|thousandths| thousandths as f64 / 1000.0),
        retries: retries,
    }
}

/// What calls and messages have in common.
fn rest(counts: &Counts) -> impl Serialize + use<> {
    object! {
        canceled: counts.of(Outcome::Canceled),
        failed: counts.of(Outcome::Failed),
        under_way: counts.of(Outcome::UnderWay),
        unknown: counts.of(Outcome::Unknown),
        simulated: counts.of(Outcome::Simulated),
        refused: counts.of(Outcome::Refused),
        rate_limited: counts.of(Outcome::RateLimited),
        not_sent: counts.of(Outcome::NotSent),
        held_back: counts.of(Outcome::HeldBack),
    }
}

fn meetings(meetings: &Meetings) -> impl Serialize + use<> {
    let joined = |(calls, meetings): (u32, u64)| object! { calls: calls, meetings: meetings };
    object! {
        ended: meetings.total(),
        joined_before_first_call: meetings.of(Ending::Joined(0)),
        joined_after_call: meetings.after_calls().map(joined).collect::<Vec<_>>(),
        acknowledged: meetings.of(Ending::Acknowledged),
        missed: meetings.of(Ending::Missed),
        said_missed: meetings.of(Ending::SaidMissed),
        ended_by_operator: meetings.of(Ending::Operator),
        called_off: meetings.of(Ending::CalledOff),
    }
}

fn failure(failure: &Failure) -> impl Serialize + use<> {
    let words = words::failure(failure);
    object! {
        kind: failure.kind,
        outcome: failure.outcome.as_str(),
        code: failure.code,
        http_status: failure.http_status,
        count: failure.count,
        meaning: words.meaning,
        remedy: words.remedy,
    }
}

fn month(spending: &MonthSpending) -> impl Serialize + use<> {
    let currency = |outlook: &Outlook| {
        object! {
            unit: printable(&outlook.unit),
            so_far: outlook.so_far.exact(),
            forecast: outlook.forecast.exact(),
            budget: outlook.budget.map(Amount::exact),
            above: outlook.is_above(),
        }
    };
    object! {
        begin: spending.month.begin,
        end: spending.month.end,
        currencies: spending.outlooks.iter().map(currency).collect::<Vec<_>>(),
    }
}
