//! `report --html`: one page with everything in it, for a browser. No script, nothing from elsewhere (its own policy
//! forbids both), light and dark, wide and narrow; beside every chart its numbers.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a page is put together once, and read as text here"
)]

mod chart;
mod money;
mod tables;
mod write;

pub(super) use write::write;

use super::words::{self, many, percent, seconds};
use super::{Picture, Row};
use crate::cli::args::ReportBy;
use crate::model::printable;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Totals, rate};

/// The style sheet.
const STYLE: &str = include_str!("style.css");

/// Up to so many days have a column each; then weeks have, and then months.
const MOST_DAYS: usize = 62;

/// Up to so many days are shown by weeks.
const MOST_DAYS_BY_WEEK: usize = 400;

/// The whole page.
pub(super) fn page(picture: &Picture<'_>) -> String {
    let title = escape(&format!("savehub report, {}", picture.title()));
    let columns = columns(&picture.rows_by(ReportBy::Day).unwrap_or_default());
    let total = &picture.summary.total;
    let loud = |words: String| format!("<p class=\"loud\">{}</p>", escape(&words));
    let body = [
        picture.no_phone().map(|words| loud(words.to_owned())).unwrap_or_default(),
        words::left_out(picture).map(loud).unwrap_or_default(),
        tiles(picture),
        calls(&columns, total),
        format!("<div class=\"pair\">{}{}</div>", meetings(total), delay(picture)),
        money::section(picture),
        tables::failures(picture),
        tables::not_tried(picture),
        tables::people(picture),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>savehub report</h1><p class=\"soft\">{}</p></header>\n{body}\n\
         <footer>Made {} by savehub {}. Times and days are of the zone {}.</footer>\n</main>\n</body>\n</html>\n",
        escape(&picture.title()),
        escape(&picture.zone.text(picture.now)),
        env!("CARGO_PKG_VERSION"),
        escape(picture.zone.name()),
    )
}

/// Text from outside or inside, as it may stand in a page and in an attribute.
fn escape(text: &str) -> String {
    let mut safe = String::new();
    for c in printable(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `80,239`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number, large, with its unit, and what belongs to it.
fn tile(label: &str, big: &str, small: &str, warn: bool) -> String {
    let class = if warn { "tile warn" } else { "tile" };
    let (number, unit) =
        big.split_once(' ').map_or((big, String::new()), |(n, unit)| (n, format!(" <small>{}</small>", escape(unit))));
    format!(
        "<div class=\"{class}\"><dt>{}</dt><dd class=\"big\">{}{unit}</dd><dd class=\"small\">{}</dd></div>",
        escape(label),
        escape(number),
        escape(small)
    )
}

fn tiles(picture: &Picture<'_>) -> String {
    let total = &picture.summary.total;
    let dash = || "-".to_owned();
    let meetings = &total.meetings;
    let watched = meetings.total() - meetings.of(Ending::CalledOff);
    let missed = meetings.of(Ending::Missed) + meetings.of(Ending::Acknowledged);
    let joined = meetings.of(Ending::Joined(0)) + meetings.joined_after_a_call() + meetings.of(Ending::Operator);
    let delay = &picture.summary.delay;
    let within = delay.percentile(99).map_or_else(dash, |ms| format!("99 of 100 within {}", seconds(ms)));
    let failed = total.calls.failed();
    let mut tiles = vec![
        tile(
            "Calls",
            &grouped(total.calls.placed()),
            &format!("{} failed, {} retried", grouped(failed), grouped(total.retries)),
            false,
        ),
        tile(
            "Answer rate",
            &total.calls.answer_rate().map_or_else(dash, percent),
            &format!("{} answered", grouped(total.calls.of(Outcome::Answered))),
            false,
        ),
        tile(
            "Meetings joined",
            &rate(joined, watched).map_or_else(dash, percent),
            &format!("{} of {}", grouped(joined), grouped(watched)),
            false,
        ),
        tile("Meetings missed", &grouped(missed), &rate(missed, watched).map_or_else(dash, percent), false),
        tile("Median delay", &delay.percentile(50).map_or_else(dash, seconds), &within, false),
    ];
    tiles.extend(money::tile(picture));
    format!("<dl class=\"tiles\">{}</dl>", tiles.concat())
}

/// A column of the charts over time: a day, a week, a month.
struct Column {
    label: String,
    totals: Totals,
}

fn columns(days: &[Row]) -> Vec<Column> {
    let name = |day: &Row, position: usize| {
        if days.len() <= MOST_DAYS {
            day.key.clone()
        } else if days.len() <= MOST_DAYS_BY_WEEK {
            format!("week {}", position / 7)
        } else {
            day.key.chars().take("2026-11".len()).collect()
        }
    };
    let mut columns: Vec<(String, Column)> = Vec::new();
    for (position, day) in days.iter().enumerate() {
        let name = name(day, position);
        if columns.last().is_none_or(|(last, _)| *last != name) {
            let label = if name.starts_with("week") { format!("7 days from {}", day.key) } else { name.clone() };
            columns.push((name, Column { label, totals: Totals::default() }));
        }
        if let Some((_, column)) = columns.last_mut() {
            column.totals.add(&day.totals);
        }
    }
    columns.into_iter().map(|(_, column)| column).collect()
}

/// The first, the middle and the last label.
fn dates(columns: &[Column]) -> String {
    let shown = |label: &str| label.strip_prefix("7 days from ").unwrap_or(label).to_owned();
    let at = [0, columns.len() / 2, columns.len().saturating_sub(1)];
    let places = if columns.len() < 3 { &at[..columns.len().min(1)] } else { &at[..] };
    let labels = places
        .iter()
        .filter_map(|n| columns.get(*n))
        .map(|column| format!("<span>{}</span>", escape(&shown(&column.label))));
    format!("<div class=\"dates\" aria-hidden=\"true\">{}</div>", labels.collect::<String>())
}

fn axis(top: &str, middle: &str) -> String {
    format!("<div class=\"axis\" aria-hidden=\"true\"><span>{top}</span><span>{middle}</span><span>0</span></div>")
}

fn calls(columns: &[Column], total: &Totals) -> String {
    let every = match columns.first() {
        Some(column) if column.label.starts_with("7 days") => "week",
        Some(column) if column.label.len() == "2026-11".len() => "month",
        _ => "day",
    };
    let sum = |column: &Column| chart::parts(&column.totals.calls).iter().map(|(_, _, n)| n).sum::<u64>();
    let top = chart::ceiling(columns.iter().map(sum).max().unwrap_or(0));
    let bars: Vec<_> = columns
        .iter()
        .map(|column| {
            let parts = chart::parts(&column.totals.calls);
            let told: Vec<String> =
                parts.iter().filter(|(_, _, n)| *n > 0).map(|(_, words, n)| format!("{n} {words}")).collect();
            (format!("{}: {}", column.label, told.join(", ")), parts.iter().map(|(class, _, n)| (*class, *n)).collect())
        })
        .collect();
    let rates: Vec<_> = columns.iter().map(|column| column.totals.calls.answer_rate()).collect();
    let label = format!("{} per {every}; the table below has the numbers", many(total.calls.placed(), "call"));
    let whole = total
        .calls
        .answer_rate()
        .map_or_else(|| "no call rang to its end".to_owned(), |r| format!("{} in all", percent(r)));
    let legend: String =
        chart::STACK.iter().map(|(class, words, _)| format!("<li><i class=\"{class}\"></i>{words}</li>")).collect();
    format!(
        "<section><h2>Calls per {every}</h2>\
         <figure><div class=\"plot\">{}{}{}</div><ul class=\"legend\">{legend}</ul></figure>\
         <figure><figcaption>Answer rate: answered, of those that rang to their end ({whole})</figcaption>\
         <div class=\"plot low\">{}{}{}</div></figure>{}</section>",
        axis(&grouped(top), &grouped(top / 2)),
        chart::columns(&label, &bars, top),
        dates(columns),
        axis("100 %", "50 %"),
        chart::line(&format!("Answer rate per {every}, {whole}"), &rates),
        dates(columns),
        tables::columns(columns, every),
    )
}

fn meetings(total: &Totals) -> String {
    let all = total.meetings.total();
    let most = words::endings(&total.meetings).iter().map(|(_, _, n)| *n).max().unwrap_or(0);
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
    let lines: String = words::endings(&total.meetings).into_iter().map(line).collect();
    section_or("How meetings ended", &lines, "No meeting ended in this time.")
}

/// A line of a list of bars: the longest bar is that of `most`.
fn counted_bar(words: &str, n: u64, of: u64, most: u64, class: &str) -> String {
    let share = rate(n, of).map_or_else(String::new, percent);
    format!(
        "<li><span>{}</span><span class=\"n\">{}<small>{share}</small></span>{}</li>",
        escape(words),
        grouped(n),
        chart::bar(&[(class, n)], most)
    )
}

fn section_or(heading: &str, lines: &str, nothing: &str) -> String {
    if lines.is_empty() {
        return format!("<section><h2>{heading}</h2><p class=\"soft\">{nothing}</p></section>");
    }
    format!("<section><h2>{heading}</h2><ul class=\"bars\">{lines}</ul></section>")
}

fn delay(picture: &Picture<'_>) -> String {
    let delay = &picture.summary.delay;
    let classes = delay.classes();
    let most = classes.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let mut from = 0;
    let mut lines = String::new();
    // What lies behind the longest delay is left out.
    let shown = classes.iter().rposition(|(_, n)| *n > 0).map_or(0, |last| last + 1);
    for (end, n) in classes.into_iter().take(shown) {
        let words = end.map_or_else(|| format!("{from} s and more"), |end| format!("{from} to {end} s"));
        from = end.unwrap_or(from);
        lines.push_str(&counted_bar(&words, n, delay.count(), most, "accent"));
    }
    section_or("From the due time to the request", &lines, "No call was due in this time.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_in_the_page() {
        let hostile = "<script>alert('x')</script>\" onload=\"y&\u{202e}\u{7}";
        let safe = escape(hostile);
        assert_eq!(safe, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&amp;");
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1000, 80_239, 1_234_567].map(grouped), ["0", "999", "1,000", "80,239", "1,234,567"]);
    }

    #[test]
    fn a_long_time_is_shown_by_weeks_and_a_very_long_one_by_months() {
        let days = |n: usize| -> Vec<Row> {
            let day = |i: usize| Row {
                key: format!("2026-{:02}-{:02}", 1 + i / 28, 1 + i % 28),
                name: None,
                totals: Totals::default(),
            };
            (0..n).map(day).collect()
        };
        let shown = |n| columns(&days(n)).iter().map(|c| c.label.clone()).collect::<Vec<_>>();
        assert_eq!((shown(62).len(), shown(62)[0].as_str()), (62, "2026-01-01"));
        assert_eq!((shown(70).len(), shown(70)[1].as_str()), (10, "7 days from 2026-01-08"));
        assert_eq!((shown(401).len(), shown(401)[1].as_str()), (15, "2026-02"));
    }
}
