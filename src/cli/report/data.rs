//! Everything a report shows: the store counts, `crate::report` adds up.

use crate::cli::args::{ReportArgs, ReportBy};
use crate::cli::ctx::Ctx;
use crate::cli::words::no_phone;
use crate::config::Config;
use crate::exit::UsageError;
use crate::model::{Group, TallyBy, TallyScope};
use crate::model::{Timestamp, printable};
use crate::report::month::{Month, Outlook, outlooks};
use crate::report::span::{self, Date, Span};
use crate::report::totals::Totals;
use crate::report::{Summary, summary};
use crate::store::Store;
use crate::zone::Zone;

/// Everything a report shows, in whatever form.
pub(super) struct ReportData<'a> {
    /// When it was made.
    pub(super) now: Timestamp,
    /// The time it is about.
    pub(super) span: Span,
    /// Where its days begin.
    pub(super) zone: Zone,
    /// What its rows are.
    pub(super) by: ReportBy,
    /// Is it about the mock phone and test mode alone?
    pub(super) mock: bool,
    /// The numbers by day or by person, as asked for.
    pub(super) summary: Summary,
    /// The numbers by the other of day and person, for the page that shows both.
    pub(super) other: Option<Summary>,
    /// This month's money; `None` in a report of what was rehearsed, which costs nothing.
    pub(super) month: Option<MonthSpending>,
    /// The people of the config and its provider.
    pub(super) config: &'a Config,
}

/// This month's money.
pub(super) struct MonthSpending {
    /// The month.
    pub(super) month: Month,
    /// What was spent and will be, by currency.
    pub(super) outlooks: Vec<Outlook>,
    /// Its days so far.
    pub(super) days: Vec<(Date, Timestamp)>,
    /// The numbers of each day.
    pub(super) summary: Summary,
}

/// One day or person. Both texts are clean.
pub(super) struct Row {
    /// `2026-11-22`, or the id of the person.
    pub(super) key: String,
    /// What the person is called, when that is known.
    pub(super) name: Option<String>,
    /// The numbers.
    pub(super) totals: Totals,
}

/// Counts what was asked for.
pub(super) fn collect<'a>(args: &ReportArgs, span: Span, zone: Zone, ctx: &Ctx<'a>) -> anyhow::Result<ReportData<'a>> {
    let scope = |by| TallyScope { since: span.since, until: span.until, by };
    let count = |by: ReportBy| -> anyhow::Result<Summary> {
        let by = match by {
            ReportBy::Day => TallyBy::Days(span.days.iter().map(|(_, begin)| *begin).collect()),
            ReportBy::Person => TallyBy::Person,
        };
        Ok(summary(&ctx.store.tally(&scope(by))?, args.mock))
    };
    let both = args.html.is_some();
    let other = if args.by == ReportBy::Day { ReportBy::Person } else { ReportBy::Day };
    Ok(ReportData {
        now: ctx.now,
        by: args.by,
        mock: args.mock,
        summary: count(args.by)?,
        other: if both { Some(count(other)?) } else { None },
        month: if args.mock { None } else { Some(month(ctx.store, ctx.now, &zone, ctx.config)?) },
        config: ctx.config,
        span,
        zone,
    })
}

fn month(store: &dyn Store, now: Timestamp, zone: &Zone, config: &Config) -> anyhow::Result<MonthSpending> {
    let month = Month::around(now, zone);
    let until = now.plus(std::time::Duration::from_millis(1));
    let days = span::days(month.begin, until, zone).map_err(|e| UsageError(e.to_string()))?;
    let by = TallyBy::Days(days.iter().map(|(_, begin)| *begin).collect());
    let summary = summary(&store.tally(&TallyScope { since: month.begin, until, by })?, false);
    let outlooks = outlooks(&month, &summary.total.spend, config.report.budget.as_ref());
    Ok(MonthSpending { month, outlooks, days, summary })
}

impl ReportData<'_> {
    /// The days, in their order, or the people, most calls first. Days without anything are there, people are not.
    pub(super) fn rows(&self) -> Vec<Row> {
        self.rows_by(self.by).unwrap_or_default()
    }

    /// The days or the people; `None` where they were not counted.
    pub(super) fn rows_by(&self, by: ReportBy) -> Option<Vec<Row>> {
        let summary = if by == self.by { &self.summary } else { self.other.as_ref()? };
        Some(match by {
            ReportBy::Day => days(&self.span.days, summary),
            ReportBy::Person => people(summary, self.config),
        })
    }

    /// What keeps phones from ringing by the config of now.
    pub(super) fn no_phone(&self) -> Option<&'static str> {
        no_phone(self.config.provider.chosen, self.config.test_mode)
    }

    /// `2026-10-24 to 2026-11-22, Europe/Berlin`.
    pub(super) fn title(&self) -> String {
        let last = self.span.days.last().map_or_else(String::new, |(date, _)| span::text(*date));
        let first = self.span.days.first().map_or_else(String::new, |(date, _)| span::text(*date));
        let days = if first == last { first } else { format!("{first} to {last}") };
        format!("{days}, {}", self.zone.name())
    }
}

fn days(days: &[(Date, Timestamp)], summary: &Summary) -> Vec<Row> {
    let row = |(n, (date, _)): (usize, &(Date, Timestamp))| {
        let totals = summary.groups.get(&Group::Day(n)).cloned().unwrap_or_default();
        Row { key: span::text(*date), name: None, totals }
    };
    days.iter().enumerate().map(row).collect()
}

fn people(summary: &Summary, config: &Config) -> Vec<Row> {
    let mut rows: Vec<Row> = summary
        .groups
        .iter()
        .filter_map(|(group, totals)| match group {
            Group::Person(id) => {
                let name = config.person(id).map(|person| printable(&person.name));
                Some(Row { key: printable(id), name, totals: totals.clone() })
            }
            Group::Day(_) => None,
        })
        .collect();
    rows.sort_by(|a, b| b.totals.calls.placed().cmp(&a.totals.calls.placed()).then_with(|| a.key.cmp(&b.key)));
    rows
}
