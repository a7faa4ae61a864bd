//! The numbers, as tables and lists.

use super::chart;
use super::columns::Column;
use super::parts::{bars, counted_bar, grouped};
use crate::cli::args::ReportBy;
use crate::cli::report::data::{ReportData, Row};
use crate::cli::report::words::{self, percent};
use crate::cli::words::{kind_words, reason_words};
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Totals};
use crate::report::trouble::NotTried;
use maud::{Markup, html};

/// People who are shown at once; the others are folded.
const SHOWN: usize = 12;

/// People listed, at most.
const LISTED: usize = 500;

fn answer_rate(calls: &Counts) -> String {
    calls.answer_rate().map_or_else(|| "-".into(), percent)
}

/// What stands behind the charts over time.
pub(super) fn columns(columns: &[Column], every: &str) -> Markup {
    html! {
        details {
            summary { "The numbers per " (every) }
            div.scroll tabindex="0" {
                table {
                    thead {
                        tr {
                            th scope="col" { (every) }
                            @for (_, words, _) in chart::STACK { th.n scope="col" { (words) } }
                            th.n scope="col" { "answer rate" }
                        }
                    }
                    tbody {
                        @for Column { label, totals } in columns {
                            tr {
                                td { (label) }
                                @for (_, _, n) in chart::parts(&totals.calls) { td.n { (grouped(n)) } }
                                td.n { (answer_rate(&totals.calls)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn people(data: &ReportData<'_>) -> Markup {
    let rows = data.rows_by(ReportBy::Person).unwrap_or_default();
    if rows.is_empty() {
        return Markup::default();
    }
    let sum = |totals: &Totals| chart::parts(&totals.calls).iter().map(|(_, _, n)| n).sum::<u64>();
    let most = rows.iter().map(|row| sum(&row.totals)).max().unwrap_or(0);
    let (shown, folded) = rows.split_at(rows.len().min(SHOWN));
    let listed = &folded[..folded.len().min(LISTED)];
    html! {
        section {
            h2 { "People" }
            (table(shown, most))
            @if !listed.is_empty() {
                details { summary { (grouped(listed.len() as u64)) " more" } (table(listed, most)) }
            }
            @if folded.len() > listed.len() {
                p.soft { "These are not all: `savehub report --by person --csv` lists everybody." }
            }
        }
    }
}

fn table(rows: &[Row], most: u64) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table.people {
                thead {
                    tr {
                        th scope="col" { "person" }
                        th.n scope="col" { "calls" }
                        th.wide scope="col" { "what became of them" }
                        th.n scope="col" { "answer rate" }
                        th.n.wide scope="col" { "meetings" }
                        th.n scope="col" { "missed" }
                        th.n.wide scope="col" { "spend" }
                    }
                }
                tbody { @for row in rows { (person(row, most)) } }
            }
        }
    }
}

fn person(row: &Row, most: u64) -> Markup {
    let Totals { calls, meetings, spend, .. } = &row.totals;
    let parts: Vec<_> = chart::parts(calls).iter().map(|(class, _, n)| (*class, *n)).collect();
    let missed = meetings.of(Ending::Missed) + meetings.of(Ending::Acknowledged);
    html! {
        tr {
            td {
                @match &row.name {
                    Some(name) if *name != row.key => { (name) small { (row.key) } }
                    _ => (row.key),
                }
            }
            td.n { (grouped(calls.placed())) }
            td.bar.wide { (chart::bar(&parts, most)) }
            td.n { (answer_rate(calls)) }
            td.n.wide { (grouped(meetings.total())) }
            td.n { (grouped(missed)) }
            td.n.wide { (words::spend(spend)) }
        }
    }
}

pub(super) fn failures(data: &ReportData<'_>) -> Markup {
    let failures = &data.summary.failures;
    if failures.is_empty() {
        return Markup::default();
    }
    let shown = failures.iter().map(|failure| {
        let unknown = failure.outcome == Outcome::Unknown;
        let what = if unknown { "outcome unknown" } else { kind_words(failure.kind) };
        (failure.count, what, words::failure(failure))
    });
    html! {
        section {
            h2 { "Failures, and what to do" }
            ul.faults {
                @for (count, what, failure) in shown {
                    li {
                        span.n { (grouped(count)) }
                        div {
                            p { (what) " " code { (failure.what) } " " (failure.meaning) }
                            @if let Some(remedy) = failure.remedy { p.soft { (remedy) } }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn not_tried(data: &ReportData<'_>) -> Markup {
    let most = data.summary.not_tried.iter().map(|steps| steps.count).max().unwrap_or(0);
    let all = data.summary.total.not_tried;
    let line = |steps: &NotTried| {
        let words = format!("{}: {}", kind_words(steps.kind), reason_words(steps.reason));
        counted_bar(&words, steps.count, all, most, "other")
    };
    let lines: Vec<Markup> = data.summary.not_tried.iter().map(line).collect();
    if lines.is_empty() { Markup::default() } else { bars("Not tried, because a guard said no", &lines, "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_in_the_page() {
        let hostile = "<script>alert('x')</script>\" onload=\"y&";
        let row = Row { key: "p1".into(), name: Some(hostile.into()), totals: Totals::default() };
        let text = person(&row, 1).into_string();
        let safe = "<td>&lt;script&gt;alert('x')&lt;/script&gt;&quot; onload=&quot;y&amp;<small>p1</small></td>";
        assert!(text.contains(safe), "{text}");
    }
}
