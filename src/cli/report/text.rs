//! `report` for people, on a terminal.

use super::data::{ReportData, Row};
use super::words::{self, money, percent, seconds};
use crate::cli::args::ReportBy;
use crate::cli::print::{self, Screen};
use crate::cli::words::{counted, kind_words, reason_words};
use crate::model::printable;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Counts, Totals, rate};

/// The width where there is no terminal.
const USUAL_WIDTH: u16 = 100;

/// Below this width there are neither bars nor the columns that can be missed.
const NARROW: u16 = 64;

/// Longest bar, in columns.
const LONGEST_BAR: u16 = 24;

/// The whole text.
pub(super) fn render(data: &ReportData<'_>, screen: Screen) -> String {
    let page = Page { data, screen, width: screen.width.unwrap_or(USUAL_WIDTH) };
    let mut lines = page.head();
    let total = &data.summary.total;
    if total == &Totals::default() {
        lines.push("Nothing rang and no meeting ended in this time.".into());
    } else {
        lines.extend(page.calls());
        lines.extend(page.messages());
        lines.extend(page.meetings());
        lines.extend(page.delay());
    }
    lines.extend(page.money());
    lines.extend(page.failures());
    lines.extend(page.not_tried());
    lines.extend(page.rows());
    lines.push(String::new());
    lines.join("\n")
}

struct Page<'a> {
    data: &'a ReportData<'a>,
    screen: Screen,
    width: u16,
}

impl Page<'_> {
    fn head(&self) -> Vec<String> {
        let paint = self.screen.paint;
        let mut lines: Vec<String> = self.data.no_phone().map(|words| paint.alarm(words)).into_iter().collect();
        lines.extend(words::left_out(self.data).map(|words| paint.alarm(&words)));
        lines.push(paint.heading(&format!("Report of {}", self.data.title())));
        lines
    }

    fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// An empty line, a heading, and a table.
    fn section(&self, heading: &str, rows: Vec<Vec<String>>) -> Vec<String> {
        let mut lines = vec![String::new(), self.screen.paint.heading(heading)];
        lines.extend(print::indented_table(rows, self.screen));
        lines
    }

    /// Words, a number, its share, and a bar.
    fn share(&self, words: &str, n: u64, of: u64) -> Vec<String> {
        let mut cells = vec![words.to_owned(), format!("{n:>7}")];
        cells.push(rate(n, of).map_or_else(String::new, |share| format!("{:>7}", percent(share))));
        if !self.is_narrow() {
            cells.push(print::bar(n, of, LONGEST_BAR));
        }
        cells
    }

    fn calls(&self) -> Vec<String> {
        let total = &self.data.summary.total;
        let placed = total.calls.placed();
        let shown = Outcome::ALL.iter().filter(|outcome| outcome.is_placed() && total.calls.of(**outcome) > 0);
        let rows: Vec<_> =
            shown.map(|outcome| self.share(words::outcome_words(*outcome), total.calls.of(*outcome), placed)).collect();
        let mut lines = self.section(&format!("Calls: {placed}"), rows);
        if let Some(rate) = total.calls.answer_rate() {
            lines.push(format!("  answer rate {}: answered, of those that rang to their end", percent(rate)));
        }
        let unplaced = [Outcome::Refused, Outcome::RateLimited, Outcome::NotSent, Outcome::HeldBack];
        let mut more: Vec<String> = unplaced
            .iter()
            .filter(|outcome| total.calls.of(**outcome) > 0)
            .map(|outcome| format!("{} {}", total.calls.of(*outcome), words::outcome_words(*outcome)))
            .collect();
        if total.retries > 0 {
            more.push(counted(total.retries, "retry"));
        }
        if total.test_calls > 0 {
            more.push(format!("{} by call-test", counted(total.test_calls, "call")));
        }
        if !more.is_empty() {
            lines.push(format!("  besides: {}", more.join(", ")));
        }
        lines
    }

    fn messages(&self) -> Vec<String> {
        let row = |(kind, counts): (&crate::model::RungKind, &Counts)| {
            let (taken, failed) = (counts.of(Outcome::Sent), counts.failed());
            let mut cells = vec![kind_words(*kind).to_owned(), format!("{taken:>7} sent"), format!("{failed} failed")];
            let other = counts.all(Outcome::is_try).saturating_sub(taken + failed);
            cells.push(if other > 0 { format!("{other} other") } else { String::new() });
            cells
        };
        let rows: Vec<_> = self.data.summary.total.others.iter().map(row).collect();
        if rows.is_empty() { rows.concat() } else { self.section("Besides calls", rows) }
    }

    fn meetings(&self) -> Vec<String> {
        let meetings = &self.data.summary.total.meetings;
        let total = meetings.total();
        let rows = words::endings(meetings).into_iter().map(|(words, _, n)| self.share(&words, n, total)).collect();
        self.section(&format!("Meetings: {total}"), rows)
    }

    fn delay(&self) -> Vec<String> {
        let delay = &self.data.summary.delay;
        let (Some(half), Some(most)) = (delay.percentile(50), delay.percentile(99)) else { return Vec::new() };
        let text = format!(
            "  half of the calls were requested within {} of their due time, 99 of 100 within {}",
            seconds(half),
            seconds(most)
        );
        vec![String::new(), self.screen.paint.heading("Delay"), text]
    }

    fn money(&self) -> Vec<String> {
        let Some(month) = &self.data.month else { return Vec::new() };
        let total = &self.data.summary.total;
        let forecasts = words::forecasts(month);
        let unpriced = words::unpriced(total);
        if total.spend.is_empty() && unpriced.is_none() && forecasts.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![String::new(), self.screen.paint.heading("Spend")];
        let spent: Vec<String> = total.spend.iter().map(|(unit, amount)| money(amount, unit)).collect();
        if !spent.is_empty() {
            lines.push(format!("  {} in this time", spent.join(", ")));
        }
        lines.extend(unpriced.map(|words| format!("  {words}")));
        let paint = |words: &str, warn| if warn { self.screen.paint.alarm(words) } else { words.to_owned() };
        lines.extend(forecasts.iter().map(|(words, warn)| format!("  {}", paint(words, *warn))));
        lines
    }

    fn failures(&self) -> Vec<String> {
        let row = |failure: &crate::report::trouble::Failure| {
            let told = words::failure(failure);
            let kind = kind_words(failure.kind).to_owned();
            let words = match told.remedy {
                Some(remedy) => format!("{}. {remedy}", told.meaning.trim_end_matches('.')),
                None => told.meaning,
            };
            vec![format!("{:>5}", failure.count), kind, told.what, words]
        };
        let rows: Vec<_> = self.data.summary.failures.iter().map(row).collect();
        if self.is_narrow() && !rows.is_empty() {
            // A column of long sentences would be a few letters wide.
            let mut lines = self.section("Failures", Vec::new());
            lines.extend(rows.iter().map(|cells| format!("  {}", cells.join(" ").trim_start())));
            return lines;
        }
        if rows.is_empty() { rows.concat() } else { self.section("Failures", rows) }
    }

    fn not_tried(&self) -> Vec<String> {
        let row = |steps: &crate::report::trouble::NotTried| {
            let kind = kind_words(steps.kind).to_owned();
            vec![format!("{:>5}", steps.count), kind, reason_words(steps.reason).to_owned()]
        };
        let rows: Vec<_> = self.data.summary.not_tried.iter().map(row).collect();
        if rows.is_empty() { rows.concat() } else { self.section("Not tried, because a guard said no", rows) }
    }

    fn rows(&self) -> Vec<String> {
        let rows: Vec<Row> = self.data.rows().into_iter().filter(|row| row.totals != Totals::default()).collect();
        if rows.is_empty() {
            return Vec::new();
        }
        let most = rows.iter().map(|row| row.totals.calls.placed()).max().unwrap_or(0);
        let by_day = self.data.by == ReportBy::Day;
        let first = if by_day { "day" } else { "person" };
        let mut table = vec![self.header(first)];
        table.extend(rows.iter().map(|row| self.row(row, most)));
        let heading = if by_day { "By day (days without anything are left out)" } else { "By person" };
        self.section(heading, table)
    }

    fn header(&self, first: &str) -> Vec<String> {
        let columns: &[&str] = if self.is_narrow() {
            &["calls", "answered", "missed"]
        } else {
            &["calls", "answered", "  rate", "failed", "missed", "spend", ""]
        };
        [first].iter().chain(columns).map(|column| (*column).to_owned()).collect()
    }

    fn row(&self, row: &Row, most: u64) -> Vec<String> {
        let totals = &row.totals;
        let placed = totals.calls.placed();
        let answered = format!("{:>8}", totals.calls.of(Outcome::Answered));
        let missed = totals.meetings.of(Ending::Missed) + totals.meetings.of(Ending::Acknowledged);
        let mut cells = vec![printable(&row.key), format!("{placed:>5}"), answered];
        if !self.is_narrow() {
            let rate = totals.calls.answer_rate().map_or_else(|| "-".into(), percent);
            cells.push(format!("{rate:>7}"));
            cells.push(format!("{:>6}", totals.calls.failed()));
        }
        cells.push(format!("{missed:>6}"));
        if !self.is_narrow() {
            cells.push(words::spend(&totals.spend));
            cells.push(print::bar(placed, most, LONGEST_BAR));
        }
        cells
    }
}
