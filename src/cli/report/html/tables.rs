//! The numbers, as tables and lists.

use super::{Column, chart, escape, grouped};
use crate::cli::args::ReportBy;
use crate::cli::report::words::{self, kind_words, percent};
use crate::cli::report::{Picture, Row};
use crate::cli::status::reason_words;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::Totals;
use crate::report::trouble::{Failure, NotTried};

/// People who are shown at once; the others are folded.
const SHOWN: usize = 12;

/// People listed, at most.
const LISTED: usize = 500;

/// What stands behind the charts over time.
pub(super) fn columns(columns: &[Column], every: &str) -> String {
    let row = |column: &Column| {
        let parts: String = chart::parts(&column.totals.calls)
            .iter()
            .map(|(_, _, n)| format!("<td class=\"n\">{}</td>", grouped(*n)))
            .collect();
        let rate = column.totals.calls.answer_rate().map_or_else(|| "-".into(), percent);
        format!("<tr><td>{}</td>{parts}<td class=\"n\">{rate}</td></tr>", escape(&column.label))
    };
    let heads: String =
        chart::STACK.iter().map(|(_, words, _)| format!("<th class=\"n\" scope=\"col\">{words}</th>")).collect();
    format!(
        "<details><summary>The numbers per {every}</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\
         <th scope=\"col\">{every}</th>{heads}<th class=\"n\" scope=\"col\">answer rate</th></tr></thead><tbody>{}</tbody>\
         </table></div></details>",
        columns.iter().map(row).collect::<String>()
    )
}

pub(super) fn people(picture: &Picture<'_>) -> String {
    let rows = picture.rows_by(ReportBy::Person).unwrap_or_default();
    if rows.is_empty() {
        return String::new();
    }
    let sum = |totals: &Totals| chart::parts(&totals.calls).iter().map(|(_, _, n)| n).sum::<u64>();
    let most = rows.iter().map(|row| sum(&row.totals)).max().unwrap_or(0);
    let table = |rows: &[Row]| {
        format!(
            "<div class=\"scroll\" tabindex=\"0\"><table class=\"people\"><thead><tr><th scope=\"col\">person</th>\
             <th class=\"n\" scope=\"col\">calls</th><th class=\"wide\" scope=\"col\">what became of them</th>\
             <th class=\"n\" scope=\"col\">answer rate</th><th class=\"n wide\" scope=\"col\">meetings</th>\
             <th class=\"n\" scope=\"col\">missed</th><th class=\"n wide\" scope=\"col\">spend</th></tr></thead>\
             <tbody>{}</tbody></table></div>",
            rows.iter().map(|row| person(row, most)).collect::<String>()
        )
    };
    let (shown, folded) = rows.split_at(rows.len().min(SHOWN));
    let listed = &folded[..folded.len().min(LISTED)];
    let mut text = format!("<section><h2>People</h2>{}", table(shown));
    if !listed.is_empty() {
        text.push_str(&format!(
            "<details><summary>{} more</summary>{}</details>",
            grouped(listed.len() as u64),
            table(listed)
        ));
    }
    if folded.len() > listed.len() {
        text.push_str("<p class=\"soft\">These are not all: `savehub report --by person --csv` lists everybody.</p>");
    }
    text + "</section>"
}

fn person(row: &Row, most: u64) -> String {
    let totals = &row.totals;
    let name = match &row.name {
        Some(name) if *name != row.key => format!("{}<small>{}</small>", escape(name), escape(&row.key)),
        _ => escape(&row.key),
    };
    let parts: Vec<_> = chart::parts(&totals.calls).iter().map(|(class, _, n)| (*class, *n)).collect();
    let missed = totals.meetings.of(Ending::Missed) + totals.meetings.of(Ending::Acknowledged);
    format!(
        "<tr><td>{name}</td><td class=\"n\">{}</td><td class=\"bar wide\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n wide\">{}</td><td class=\"n\">{}</td><td class=\"n wide\">{}</td></tr>",
        grouped(totals.calls.placed()),
        chart::bar(&parts, most),
        totals.calls.answer_rate().map_or_else(|| "-".into(), percent),
        grouped(totals.meetings.total()),
        grouped(missed),
        escape(&words::spend(&totals.spend)),
    )
}

pub(super) fn failures(picture: &Picture<'_>) -> String {
    let line = |failure: &Failure| {
        let told = words::failure(failure);
        let remedy = told.remedy.map(|remedy| format!("<p class=\"soft\">{}</p>", escape(remedy))).unwrap_or_default();
        let what = if failure.outcome == Outcome::Unknown { "outcome unknown" } else { kind_words(failure.kind) };
        format!(
            "<li><span class=\"n\">{}</span><div><p>{what} <code>{}</code> {}</p>{remedy}</div></li>",
            grouped(failure.count),
            escape(&told.what),
            escape(&told.meaning)
        )
    };
    let lines: String = picture.summary.failures.iter().map(line).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("<section><h2>Failures, and what to do</h2><ul class=\"faults\">{lines}</ul></section>")
}

pub(super) fn not_tried(picture: &Picture<'_>) -> String {
    let most = picture.summary.not_tried.iter().map(|steps| steps.count).max().unwrap_or(0);
    let all = picture.summary.total.not_tried;
    let line = |steps: &NotTried| {
        let words = format!("{}: {}", kind_words(steps.kind), reason_words(steps.reason));
        super::counted_bar(&words, steps.count, all, most, "other")
    };
    let lines: String = picture.summary.not_tried.iter().map(line).collect();
    if lines.is_empty() { lines } else { super::section_or("Not tried, because a guard said no", &lines, "") }
}
