//! `report --html`: one page with everything in it, for a browser. No script, nothing from elsewhere (its own policy
//! forbids both), light and dark, wide and narrow; beside every chart its numbers.
//!
//! maud escapes whatever is put into the page.

mod chart;
mod columns;
mod money;
mod parts;
mod tables;

use super::data::ReportData;
use super::words::{self, percent, seconds};
use crate::cli::args::ReportBy;
use crate::cli::words::counted;
use crate::model::printable;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Totals, rate};
use columns::{Column, columns, dates, every};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use parts::{axis, bars, counted_bar, grouped, tile};

/// The style sheet.
const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn page(data: &ReportData<'_>) -> String {
    let columns = columns(&data.rows_by(ReportBy::Day).unwrap_or_default());
    let total = &data.summary.total;
    let loud = data.no_phone().map(str::to_owned).into_iter().chain(words::left_out(data));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { "savehub report, " (data.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header { h1 { "savehub report" } p.soft { (data.title()) } }
                    @for words in loud { p.loud { (words) } }
                    (tiles(data))
                    (calls(&columns, total))
                    div.pair { (meetings(total)) (delay(data)) }
                    (money::section(data))
                    (tables::failures(data))
                    (tables::not_tried(data))
                    (tables::people(data))
                    footer {
                        "Made " (data.zone.text(data.now)) " by savehub " (env!("CARGO_PKG_VERSION"))
                        ". Times and days are of the zone " (data.zone.name()) "."
                    }
                }
            }
        }
    };
    // maud escapes; what could reorder the text or hide in it goes here, once for the whole page.
    page.into_string().lines().map(|line| printable(line) + "\n").collect()
}

fn tiles(data: &ReportData<'_>) -> Markup {
    let total = &data.summary.total;
    let dash = || "-".to_owned();
    let meetings = &total.meetings;
    let watched = meetings.total() - meetings.of(Ending::CalledOff);
    let missed = meetings.of(Ending::Missed) + meetings.of(Ending::Acknowledged);
    let joined = meetings.of(Ending::Joined(0)) + meetings.joined_after_a_call() + meetings.of(Ending::Operator);
    let delay = &data.summary.delay;
    let calls = format!("{} failed, {} retried", grouped(total.calls.failed()), grouped(total.retries));
    let rated = total.calls.answer_rate().map_or_else(dash, percent);
    let answered = format!("{} answered", grouped(total.calls.of(Outcome::Answered)));
    let joined_rate = rate(joined, watched).map_or_else(dash, percent);
    let joined = format!("{} of {}", grouped(joined), grouped(watched));
    let missed_rate = rate(missed, watched).map_or_else(dash, percent);
    let median = delay.percentile(50).map_or_else(dash, seconds);
    let within = delay.percentile(99).map_or_else(dash, |ms| format!("99 of 100 within {}", seconds(ms)));
    html! {
        dl.tiles {
            (tile("Calls", &grouped(total.calls.placed()), &calls, false))
            (tile("Answer rate", &rated, &answered, false))
            (tile("Meetings joined", &joined_rate, &joined, false))
            (tile("Meetings missed", &grouped(missed), &missed_rate, false))
            (tile("Median delay", &median, &within, false))
            @if let Some(spend) = money::tile(data) { (spend) }
        }
    }
}

fn calls(columns: &[Column], total: &Totals) -> Markup {
    let every = every(columns);
    let sum = |column: &Column| chart::parts(&column.totals.calls).iter().map(|(_, _, n)| n).sum::<u64>();
    let top = chart::ceiling(columns.iter().map(sum).max().unwrap_or(0));
    let bars: Vec<_> = columns
        .iter()
        .map(|column| {
            let parts = chart::parts(&column.totals.calls);
            let there: Vec<String> =
                parts.iter().filter(|(_, _, n)| *n > 0).map(|(_, words, n)| format!("{n} {words}")).collect();
            let title = format!("{}: {}", column.label, there.join(", "));
            (title, parts.iter().map(|(class, _, n)| (*class, *n)).collect())
        })
        .collect();
    let rates: Vec<_> = columns.iter().map(|column| column.totals.calls.answer_rate()).collect();
    let label = format!("{} per {every}; the table below has the numbers", counted(total.calls.placed(), "call"));
    let whole = total.calls.answer_rate();
    let whole = whole.map_or_else(|| "no call rang to its end".to_owned(), |r| format!("{} in all", percent(r)));
    html! {
        section {
            h2 { "Calls per " (every) }
            figure {
                div.plot {
                    (axis(&grouped(top), &grouped(top / 2)))
                    (chart::columns(&label, &bars, top))
                    (dates(columns))
                }
                ul.legend { @for (class, words, _) in chart::STACK { li { i class=(class) {} (words) } } }
            }
            figure {
                figcaption { "Answer rate: answered, of those that rang to their end (" (whole) ")" }
                div.plot.low {
                    (axis("100 %", "50 %"))
                    (chart::line(&format!("Answer rate per {every}, {whole}"), &rates))
                    (dates(columns))
                }
            }
            (tables::columns(columns, every))
        }
    }
}

fn meetings(total: &Totals) -> Markup {
    let all = total.meetings.total();
    let endings = words::endings(&total.meetings);
    let most = endings.iter().map(|(_, _, n)| *n).max().unwrap_or(0);
    let line = |(words, ending, n): (String, Ending, u64)| {
        let class = match ending {
            Ending::Joined(0) => "answered",
            Ending::Joined(_) => "voicemail",
            Ending::Acknowledged => "no-answer",
            Ending::Missed => "failed",
            Ending::SaidMissed | Ending::Operator | Ending::CalledOff => "other",
        };
        counted_bar(&words, n, all, most, class)
    };
    let lines: Vec<Markup> = endings.into_iter().map(line).collect();
    bars("How meetings ended", &lines, "No meeting ended in this time.")
}

fn delay(data: &ReportData<'_>) -> Markup {
    let delay = &data.summary.delay;
    let classes = delay.classes();
    let most = classes.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let mut from = 0;
    let mut lines = Vec::new();
    // What lies behind the longest delay is left out.
    let shown = classes.iter().rposition(|(_, n)| *n > 0).map_or(0, |last| last + 1);
    for (end, n) in classes.into_iter().take(shown) {
        let words = end.map_or_else(|| format!("{from} s and more"), |end| format!("{from} to {end} s"));
        from = end.unwrap_or(from);
        lines.push(counted_bar(&words, n, delay.count(), most, "accent"));
    }
    bars("From the due time to the request", &lines, "No call was due in this time.")
}
