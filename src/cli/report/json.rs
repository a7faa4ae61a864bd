//! `report --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::{MonthPicture, Picture, Row, words};
use crate::cli::args::ReportBy;
use crate::model::{Amount, Reason, RungKind, Timestamp, printable};
use crate::report::delay::Delay;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Meetings, Spend, Totals};
use crate::report::trouble::Failure;
use serde::Serialize;

/// The fields, for the manual page.
pub const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now, since, until", "when the report was made, and what of; all times are RFC 3339 in UTC"),
    ("zone", "where its days begin"),
    ("mock", "true: of what the mock phone did and test mode recorded, and of nothing real"),
    ("left_out", "calls and messages of the other sort, which are not in these numbers"),
    (
        "total",
        "calls (placed, answered, voicemail, no_answer, busy, canceled, failed, under_way, unknown, simulated, refused, \
         rate_limited, not_sent, held_back, answer_rate, retries; placed is the sum of those from answered to simulated; \
         answer_rate, from 0 to 1, is answered of answered, voicemail, no_answer and busy; null without any), messages \
         (the same by kind: sms, email, webhook, command, with sent instead of answered), meetings (ended, \
         joined_before_first_call, joined_after_call (calls, meetings), acknowledged (and never checked in), missed, \
         said_missed, ended_by_operator, called_off), test_calls (of call-test; in spend, not in calls), rate_limited \
         (calls and messages the provider refused for its limit), not_tried (steps a guard refused), spend (unit, amount, \
         a decimal number as text), unpriced_calls, unpriced_messages (picked up or sent, and without a price)",
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
        "null with --mock; else the calendar month of now: begin, end, currencies (unit, so_far, forecast, budget (null \
         without one), above: true when the budget will not do)",
    ),
];

/// The object.
#[derive(Serialize)]
pub(super) struct Report {
    schema: u32,
    now: Timestamp,
    since: Timestamp,
    until: Timestamp,
    zone: String,
    mock: bool,
    left_out: u64,
    total: TotalsJson,
    rows: Vec<RowJson>,
    failures: Vec<FailureJson>,
    not_tried: Vec<NotTriedJson>,
    delay: DelayJson,
    month: Option<MonthJson>,
}

#[derive(Serialize)]
struct TotalsJson {
    calls: CallsJson,
    messages: Vec<MessagesJson>,
    meetings: MeetingsJson,
    test_calls: u64,
    rate_limited: u64,
    not_tried: u64,
    spend: Vec<MoneyJson>,
    unpriced_calls: u64,
    unpriced_messages: u64,
}

#[derive(Serialize)]
struct RowJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    totals: TotalsJson,
}

#[derive(Serialize)]
struct CallsJson {
    placed: u64,
    answered: u64,
    voicemail: u64,
    no_answer: u64,
    busy: u64,
    #[serde(flatten)]
    rest: RestJson,
    answer_rate: Option<f64>,
    retries: u64,
}

#[derive(Serialize)]
struct MessagesJson {
    kind: RungKind,
    placed: u64,
    sent: u64,
    #[serde(flatten)]
    rest: RestJson,
}

/// What calls and messages have in common.
#[derive(Serialize)]
struct RestJson {
    canceled: u64,
    failed: u64,
    under_way: u64,
    unknown: u64,
    simulated: u64,
    refused: u64,
    rate_limited: u64,
    not_sent: u64,
    held_back: u64,
}

#[derive(Serialize)]
struct MeetingsJson {
    ended: u64,
    joined_before_first_call: u64,
    joined_after_call: Vec<JoinedJson>,
    acknowledged: u64,
    missed: u64,
    said_missed: u64,
    ended_by_operator: u64,
    called_off: u64,
}

#[derive(Serialize)]
struct JoinedJson {
    calls: u32,
    meetings: u64,
}

#[derive(Serialize)]
struct MoneyJson {
    unit: String,
    amount: String,
}

#[derive(Serialize)]
struct FailureJson {
    kind: RungKind,
    outcome: &'static str,
    code: Option<u32>,
    http_status: Option<u16>,
    count: u64,
    meaning: String,
    remedy: Option<&'static str>,
}

#[derive(Serialize)]
struct NotTriedJson {
    kind: RungKind,
    reason: Reason,
    count: u64,
}

#[derive(Serialize)]
struct DelayJson {
    count: u64,
    p50_ms: Option<u64>,
    p99_ms: Option<u64>,
}

#[derive(Serialize)]
struct MonthJson {
    begin: Timestamp,
    end: Timestamp,
    currencies: Vec<CurrencyJson>,
}

#[derive(Serialize)]
struct CurrencyJson {
    unit: String,
    so_far: String,
    forecast: String,
    budget: Option<String>,
    above: bool,
}

/// Makes the object; text from outside is cleaned.
pub(super) fn report(picture: &Picture<'_>) -> Report {
    let summary = &picture.summary;
    let not_tried =
        |n: &crate::report::trouble::NotTried| NotTriedJson { kind: n.kind, reason: n.reason, count: n.count };
    Report {
        schema: 1,
        now: picture.now,
        since: picture.span.since,
        until: picture.span.until,
        zone: picture.zone.name().to_owned(),
        mock: picture.mock,
        left_out: summary.left_out,
        total: totals(&summary.total),
        rows: picture.rows().iter().map(|line| row(line, picture.by)).collect(),
        failures: summary.failures.iter().map(failure).collect(),
        not_tried: summary.not_tried.iter().map(not_tried).collect(),
        delay: delay(&summary.delay),
        month: picture.month.as_ref().map(month),
    }
}

fn row(row: &Row, by: ReportBy) -> RowJson {
    let key = printable(&row.key);
    let (day, person) = if by == ReportBy::Day { (Some(key), None) } else { (None, Some(key)) };
    RowJson { day, person, name: row.name.as_deref().map(printable), totals: totals(&row.totals) }
}

fn totals(totals: &Totals) -> TotalsJson {
    let message = |(kind, counts): (&RungKind, &Counts)| MessagesJson {
        kind: *kind,
        placed: counts.placed(),
        sent: counts.of(Outcome::Sent),
        rest: rest(counts),
    };
    TotalsJson {
        calls: calls(&totals.calls, totals.retries),
        messages: totals.others.iter().map(message).collect(),
        meetings: meetings(&totals.meetings),
        test_calls: totals.test_calls,
        rate_limited: totals.rate_limited,
        not_tried: totals.not_tried,
        spend: spend(&totals.spend),
        unpriced_calls: totals.unpriced_calls,
        unpriced_messages: totals.unpriced_messages,
    }
}

fn calls(counts: &Counts, retries: u64) -> CallsJson {
    CallsJson {
        placed: counts.placed(),
        answered: counts.of(Outcome::Answered),
        voicemail: counts.of(Outcome::Voicemail),
        no_answer: counts.of(Outcome::NoAnswer),
        busy: counts.of(Outcome::Busy),
        rest: rest(counts),
        answer_rate: counts.answer_rate().map(|thousandths| thousandths as f64 / 1000.0),
        retries,
    }
}

fn rest(counts: &Counts) -> RestJson {
    RestJson {
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

fn meetings(meetings: &Meetings) -> MeetingsJson {
    MeetingsJson {
        ended: meetings.total(),
        joined_before_first_call: meetings.of(Ending::Joined(0)),
        joined_after_call: meetings.after_calls().map(|(calls, meetings)| JoinedJson { calls, meetings }).collect(),
        acknowledged: meetings.of(Ending::Acknowledged),
        missed: meetings.of(Ending::Missed),
        said_missed: meetings.of(Ending::SaidMissed),
        ended_by_operator: meetings.of(Ending::Operator),
        called_off: meetings.of(Ending::CalledOff),
    }
}

fn spend(spend: &Spend) -> Vec<MoneyJson> {
    spend.iter().map(|(unit, amount)| MoneyJson { unit: printable(unit), amount: amount.exact() }).collect()
}

fn failure(failure: &Failure) -> FailureJson {
    let words = words::failure(failure);
    FailureJson {
        kind: failure.kind,
        outcome: failure.outcome.as_str(),
        code: failure.code,
        http_status: failure.http_status,
        count: failure.count,
        meaning: words.meaning,
        remedy: words.remedy,
    }
}

fn delay(delay: &Delay) -> DelayJson {
    DelayJson { count: delay.count(), p50_ms: delay.percentile(50), p99_ms: delay.percentile(99) }
}

fn month(month: &MonthPicture) -> MonthJson {
    let currency = |outlook: &crate::report::month::Outlook| CurrencyJson {
        unit: printable(&outlook.unit),
        so_far: outlook.so_far.exact(),
        forecast: outlook.forecast.exact(),
        budget: outlook.budget.map(Amount::exact),
        above: outlook.is_above(),
    };
    MonthJson {
        begin: month.month.begin,
        end: month.month.end,
        currencies: month.outlooks.iter().map(currency).collect(),
    }
}
