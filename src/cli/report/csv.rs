//! `report --csv`: RFC 4180, one row for each day or person, for spreadsheets. Columns are added at the end, never renamed.

use super::data::{ReportData, Row};
use crate::cli::args::ReportBy;
use crate::model::{Amount, RungKind, printable};
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Spend, Totals};

/// A number of a day or person.
type Number = fn(&Totals) -> u64;

/// The columns behind `day`, or `person` and `name`: calls, ...
const CALLS: &[(&str, Number)] = &[
    ("calls", |t| t.calls.placed()),
    ("answered", |t| t.calls.of(Outcome::Answered)),
    ("voicemail", |t| t.calls.of(Outcome::Voicemail)),
    ("no_answer", |t| t.calls.of(Outcome::NoAnswer)),
    ("busy", |t| t.calls.of(Outcome::Busy)),
    ("canceled", |t| t.calls.of(Outcome::Canceled)),
    ("failed", |t| t.calls.of(Outcome::Failed)),
    ("under_way", |t| t.calls.of(Outcome::UnderWay)),
    ("unknown", |t| t.calls.of(Outcome::Unknown)),
    ("simulated", |t| t.calls.of(Outcome::Simulated)),
    ("refused", |t| t.calls.of(Outcome::Refused)),
    ("rate_limited", |t| t.calls.of(Outcome::RateLimited)),
    ("not_sent", |t| t.calls.of(Outcome::NotSent)),
];

/// ... how many of them were answered, ...
const ANSWER_RATE: &str = "answer_rate";

/// ... what else happened, ...
const OTHERS: &[(&str, Number)] = &[
    ("retries", |t| t.retries),
    ("test_calls", |t| t.test_calls),
    ("not_tried", |t| t.not_tried),
    ("meetings", |t| t.meetings.total()),
    ("joined_before_first_call", |t| t.meetings.of(Ending::Joined(0))),
    ("joined_after_call_1", |t| t.meetings.of(Ending::Joined(1))),
    ("joined_after_call_2", |t| t.meetings.of(Ending::Joined(2))),
    ("joined_after_more_calls", |t| t.meetings.after_calls().filter(|(calls, _)| *calls > 2).map(|(_, n)| n).sum()),
    ("acknowledged", |t| t.meetings.of(Ending::Acknowledged)),
    ("missed", |t| t.meetings.of(Ending::Missed)),
    ("said_missed", |t| t.meetings.of(Ending::SaidMissed)),
    ("ended_by_operator", |t| t.meetings.of(Ending::Operator)),
    ("called_off", |t| t.meetings.of(Ending::CalledOff)),
    ("sms", |t| sent(t, RungKind::Sms)),
    ("email", |t| sent(t, RungKind::Email)),
    ("webhook", |t| sent(t, RungKind::Webhook)),
    ("command", |t| sent(t, RungKind::Command)),
    ("messages_failed", |t| t.others.values().map(Counts::failed).sum()),
    ("unpriced_calls", |t| t.unpriced_calls),
    ("unpriced_messages", |t| t.unpriced_messages),
];

/// ... and what it cost.
const MONEY: [&str; 3] = ["spend", "currency", "spend_other"];

/// The whole file.
pub(super) fn csv(data: &ReportData<'_>) -> String {
    let unit = main_unit(data);
    let key: &[&str] = if data.by == ReportBy::Day { &["day"] } else { &["person", "name"] };
    let mut text = String::new();
    let names = |columns: &'static [(&str, Number)]| columns.iter().map(|(name, _)| name);
    let columns = names(CALLS).chain([&ANSWER_RATE]).chain(names(OTHERS)).chain(&MONEY);
    line(&mut text, key.iter().chain(columns).map(|column| (*column).to_owned()));
    for row in data.rows() {
        let mut cells = vec![outside(&row.key)];
        if data.by == ReportBy::Person {
            cells.push(outside(row.name.as_deref().unwrap_or_default()));
        }
        cells.extend(numbers(&row, &unit));
        line(&mut text, cells.into_iter());
    }
    text
}

/// The currency of the column `spend`, the same for all rows: the budget's, or that of the largest sum.
fn main_unit(data: &ReportData<'_>) -> String {
    let spend = &data.summary.total.spend;
    let budget = data.config.report.budget.as_ref().map(|budget| budget.unit.clone());
    let largest = || spend.iter().max_by_key(|(_, amount)| *amount).map(|(unit, _)| unit.to_owned());
    budget.filter(|unit| spend.iter().any(|(known, _)| known == unit)).or_else(largest).unwrap_or_default()
}

fn numbers<'a>(row: &'a Row, unit: &str) -> impl Iterator<Item = String> + use<'a> {
    let totals = &row.totals;
    let numbers = |columns: &'static [(&str, Number)]| columns.iter().map(|(_, number)| number(totals).to_string());
    let rate = totals.calls.answer_rate().map(|rate| format!("{}.{:03}", rate / 1000, rate % 1000));
    numbers(CALLS).chain([rate.unwrap_or_default()]).chain(numbers(OTHERS)).chain(money(&totals.spend, unit))
}

fn sent(totals: &Totals, kind: RungKind) -> u64 {
    totals.others.get(&kind).map_or(0, Counts::placed)
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
