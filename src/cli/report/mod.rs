//! `savehub report`: what came of a stretch of time, for people (`text`), programs (`json`, `csv`) and the boss (`html`).
//!
//! Pure but for [`run`]: the store counts, `crate::report` adds up, and each form shows the same [`Picture`].

mod csv;
mod html;
mod json;
mod text;
mod words;

pub use json::FIELDS;

use super::Ctx;
use super::args::{ReportArgs, ReportBy};
use super::print;
use crate::config::{Config, ProviderChoice};
use crate::exit::{Exit, UsageError};
use crate::model::Timestamp;
use crate::near::nearest;
use crate::report::month::{Month, Outlook, outlooks};
use crate::report::span::{self, Date, Span};
use crate::report::totals::Totals;
use crate::report::{Summary, summary};
use crate::store::{Group, Store, TallyBy, TallyScope};
use crate::zone::Zone;

/// Everything a report shows, in whatever form.
pub struct Picture<'a> {
    /// When it was made.
    pub now: Timestamp,
    /// What of.
    pub span: Span,
    /// Where its days begin.
    pub zone: Zone,
    /// What its rows are.
    pub by: ReportBy,
    /// Of the mock phone and test mode alone.
    pub mock: bool,
    /// The numbers by what was asked for.
    pub summary: Summary,
    /// The numbers by the other of day and person, for the page that shows both.
    pub other: Option<Summary>,
    /// This month's money; `None` in a report of what was rehearsed, which costs nothing.
    pub month: Option<MonthPicture>,
    /// The people of the config and its provider.
    pub config: &'a Config,
}

/// This month's money.
pub struct MonthPicture {
    /// The month.
    pub month: Month,
    /// What was spent and will be, by currency.
    pub outlooks: Vec<Outlook>,
    /// Its days so far.
    pub days: Vec<(Date, Timestamp)>,
    /// The numbers of each day.
    pub summary: Summary,
}

/// One day or person.
pub struct Row {
    /// `2026-11-22`, or the id of the person.
    pub key: String,
    /// What the person is called, when that is known.
    pub name: Option<String>,
    /// The numbers.
    pub totals: Totals,
}

/// Runs the command.
pub fn run(args: &ReportArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let zone = zone(args.zone.as_deref(), ctx.config)?;
    let span = span::span(&args.since, args.until.as_deref(), ctx.now, &zone).map_err(|e| UsageError(e.to_string()))?;
    let picture = picture(args, span, zone, ctx)?;
    match &args.html {
        Some(file) => {
            html::write(file, &html::page(&picture))?;
            if ctx.screen.width.is_some() {
                writeln!(ctx.out, "the page is {}", file.display())?;
            }
        }
        None if args.json => print::json(ctx.out, &json::report(&picture))?,
        None if args.csv => ctx.out.write_all(csv::csv(&picture).as_bytes())?,
        None => ctx.out.write_all(text::render(&picture, ctx.screen).as_bytes())?,
    }
    Ok(Exit::Done)
}

/// The zone that was asked for, or that of the first person, or the system's.
fn zone(asked: Option<&str>, config: &Config) -> Result<Zone, UsageError> {
    let Some(name) = asked else {
        return Ok(config.people.first().map_or_else(Zone::system, |person| person.zone.clone()));
    };
    Zone::named(name).ok_or_else(|| {
        let shown = crate::model::cut(&crate::model::printable(name), 60);
        let near = nearest(name, Zone::names().into_iter()).map(|near| format!("; did you mean `{near}`?"));
        UsageError(format!("there is no zone `{shown}`{}", near.unwrap_or_else(|| "; write `Europe/Berlin`".into())))
    })
}

fn picture<'a>(args: &ReportArgs, span: Span, zone: Zone, ctx: &Ctx<'a>) -> anyhow::Result<Picture<'a>> {
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
    Ok(Picture {
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

fn month(store: &dyn Store, now: Timestamp, zone: &Zone, config: &Config) -> anyhow::Result<MonthPicture> {
    let month = Month::around(now, zone);
    let until = now.plus(std::time::Duration::from_millis(1));
    let days = span::days(month.begin, until, zone).map_err(|e| UsageError(e.to_string()))?;
    let by = TallyBy::Days(days.iter().map(|(_, begin)| *begin).collect());
    let summary = summary(&store.tally(&TallyScope { since: month.begin, until, by })?, false);
    let outlooks = outlooks(&month, &summary.total.spend, config.report.budget.as_ref());
    Ok(MonthPicture { month, outlooks, days, summary })
}

impl Picture<'_> {
    /// The days, in their order, or the people, most calls first. Days without anything are there, people are not.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_by(self.by).unwrap_or_default()
    }

    /// The days or the people; `None` where they were not counted.
    pub fn rows_by(&self, by: ReportBy) -> Option<Vec<Row>> {
        let summary = if by == self.by { &self.summary } else { self.other.as_ref()? };
        Some(match by {
            ReportBy::Day => days(&self.span.days, summary),
            ReportBy::Person => people(summary, self.config),
        })
    }

    /// What keeps phones from ringing by the config of now.
    pub fn no_phone(&self) -> Option<&'static str> {
        match (self.config.provider.chosen, self.config.test_mode) {
            (ProviderChoice::Mock, _) => Some("MOCK: NO PHONE WILL RING"),
            (_, true) => Some("TEST MODE: NO PHONE WILL RING"),
            _ => None,
        }
    }

    /// `2026-10-24 to 2026-11-22, Europe/Berlin`.
    pub fn title(&self) -> String {
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
                let name = config.person(id).map(|person| person.name.clone());
                Some(Row { key: id.clone(), name, totals: totals.clone() })
            }
            Group::Day(_) => None,
        })
        .collect();
    rows.sort_by(|a, b| b.totals.calls.placed().cmp(&a.totals.calls.placed()).then_with(|| a.key.cmp(&b.key)));
    rows
}

#[cfg(test)]
mod tests;
