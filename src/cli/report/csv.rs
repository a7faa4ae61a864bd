//! `report --csv`: RFC 4180, one row for each day or person, for spreadsheets. Columns are added at the end, never renamed.

use super::{Picture, Row};
use crate::cli::args::ReportBy;
use crate::model::{Amount, RungKind, printable};
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Spend};

/// The columns behind `day`, or `person` and `name`.
const COLUMNS: &[&str] = &[
    "calls",
    "answered",
    "voicemail",
    "no_answer",
    "busy",
    "canceled",
    "failed",
    "under_way",
    "unknown",
    "simulated",
    "refused",
    "rate_limited",
    "not_sent",
    "answer_rate",
    "retries",
    "test_calls",
    "not_tried",
    "meetings",
    "joined_before_first_call",
    "joined_after_call_1",
    "joined_after_call_2",
    "joined_after_more_calls",
    "acknowledged",
    "missed",
    "said_missed",
    "ended_by_operator",
    "called_off",
    "sms",
    "email",
    "webhook",
    "command",
    "messages_failed",
    "unpriced_calls",
    "unpriced_messages",
    "spend",
    "currency",
    "spend_other",
];

/// The whole file.
pub(super) fn csv(picture: &Picture<'_>) -> String {
    let unit = main_unit(picture);
    let key: &[&str] = if picture.by == ReportBy::Day { &["day"] } else { &["person", "name"] };
    let mut text = String::new();
    line(&mut text, key.iter().chain(COLUMNS).map(|column| (*column).to_owned()));
    for row in picture.rows() {
        let mut cells = vec![outside(&row.key)];
        if picture.by == ReportBy::Person {
            cells.push(outside(row.name.as_deref().unwrap_or_default()));
        }
        cells.extend(numbers(&row, &unit));
        line(&mut text, cells.into_iter());
    }
    text
}

/// The currency of the column `spend`, the same for all rows: the budget's, or that of the largest sum.
fn main_unit(picture: &Picture<'_>) -> String {
    let spend = &picture.summary.total.spend;
    let budget = picture.config.report.budget.as_ref().map(|budget| budget.unit.clone());
    let largest = || spend.iter().max_by_key(|(_, amount)| *amount).map(|(unit, _)| unit.to_owned());
    budget.filter(|unit| spend.iter().any(|(known, _)| known == unit)).or_else(largest).unwrap_or_default()
}

fn numbers(row: &Row, unit: &str) -> Vec<String> {
    let totals = &row.totals;
    let call = |outcome| totals.calls.of(outcome).to_string();
    let meetings = |ending| totals.meetings.of(ending);
    let more: u64 = totals.meetings.after_calls().filter(|(calls, _)| *calls > 2).map(|(_, n)| n).sum();
    let taken = |kind: RungKind| {
        let count = |counts: &Counts| counts.placed();
        totals.others.get(&kind).map_or(0, count).to_string()
    };
    let messages_failed: u64 = totals.others.values().map(Counts::failed).sum();
    let rate = totals.calls.answer_rate().map(|rate| format!("{}.{:03}", rate / 1000, rate % 1000));
    let mut cells = vec![totals.calls.placed().to_string()];
    cells.extend(
        [
            Outcome::Answered,
            Outcome::Voicemail,
            Outcome::NoAnswer,
            Outcome::Busy,
            Outcome::Canceled,
            Outcome::Failed,
            Outcome::UnderWay,
            Outcome::Unknown,
            Outcome::Simulated,
            Outcome::Refused,
            Outcome::RateLimited,
            Outcome::NotSent,
        ]
        .map(call),
    );
    cells.push(rate.unwrap_or_default());
    cells.extend([totals.retries, totals.test_calls, totals.not_tried, totals.meetings.total()].map(|n| n.to_string()));
    cells.extend(
        [
            meetings(Ending::Joined(0)),
            meetings(Ending::Joined(1)),
            meetings(Ending::Joined(2)),
            more,
            meetings(Ending::Acknowledged),
            meetings(Ending::Missed),
            meetings(Ending::SaidMissed),
            meetings(Ending::Operator),
            meetings(Ending::CalledOff),
        ]
        .map(|n| n.to_string()),
    );
    cells.extend([RungKind::Sms, RungKind::Email, RungKind::Webhook, RungKind::Command].map(taken));
    cells.extend([messages_failed, totals.unpriced_calls, totals.unpriced_messages].map(|n| n.to_string()));
    cells.extend(money(&totals.spend, unit));
    cells
}

/// The columns `spend`, `currency` and `spend_other`.
fn money(spend: &Spend, unit: &str) -> [String; 3] {
    let other =
        |(other, amount): (&str, Amount)| (other != unit).then(|| format!("{} {}", amount.exact(), printable(other)));
    let others: Vec<String> = spend.iter().filter_map(other).collect();
    // What stands in front is a number, or empty.
    [spend.of(unit).exact(), outside(unit), others.join("; ")]
}

/// A text from outside: a cell that a spreadsheet would take for a formula begins with an apostrophe instead.
fn outside(text: &str) -> String {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// One record; cells with commas, quotes or line ends are quoted (RFC 4180, section 2).
fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let quote = |cell: String| {
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    };
    text.push_str(&cells.map(quote).collect::<Vec<_>>().join(","));
    text.push_str("\r\n");
}
