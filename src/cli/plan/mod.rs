//! `savehub plan`: what would ring, when, for whom, and what each guard would say.
//!
//! `tick::plan` rehearses the real ticks; here is how that is shown, and where more calls fall due together than the
//! provider can start in time.

mod json;

pub(super) use json::FIELDS;
pub use json::report;

use super::args::PlanArgs;
use super::open;
use super::pick;
use super::print::{self, Screen};
use super::status::{StatusCtx, brakes, pause_lines, reason_words};
use crate::clock::SystemClock;
use crate::config::{Config, ProviderChoice};
use crate::exit::{Exit, UsageError};
use crate::model::{Reason, RungKind, StepState, Timestamp, cut, printable};
use crate::store::sqlite::Create;
use crate::store::{CalendarView, PauseView};
use crate::tick::{Foreseen, Outlook};
use crate::when;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The longest time that is planned.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// Titles are cut to so many characters in the table.
const TITLE_CUT: usize = 60;

/// A step that runs this much after its due time had to wait for something else than the next tick.
const WAITED_MS: i64 = 60_000;

/// A plan, and what it was made of.
pub struct Plan<'a> {
    /// When it was made.
    pub now: Timestamp,
    /// How far it reaches.
    pub until: Timestamp,
    /// The config.
    pub config: &'a Config,
    /// What would happen.
    pub outlook: &'a Outlook,
    /// The calendars, as they were read last.
    pub calendars: &'a [CalendarView],
    /// The pauses that hold now.
    pub pauses: &'a [PauseView],
    /// Show this person alone.
    pub person: Option<&'a str>,
}

/// A minute in which calls would be turned away, since more wait than can start in time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Crowd {
    /// When the first of them is.
    pub at: Timestamp,
    /// Calls that wait then.
    pub calls: usize,
    /// Those that are turned away: they could not start before their meetings do.
    pub too_late: usize,
}

/// Runs the command.
pub(super) fn run(
    args: &PlanArgs,
    file: Option<&Path>,
    verbose: bool,
    screen: Screen,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let config = Arc::new(open::config(file)?);
    if args.until.is_zero() || args.until > LONGEST {
        return Err(UsageError("--until: savehub plans some time up to 31d, such as 24h".into()).into());
    }
    let person = args.person.as_deref().map(|id| pick::person(Some(id), &config.people)).transpose()?;
    let store = open::store(&config, Create::No)?;
    let world = open::world(&config, &store, Arc::new(SystemClock))?;
    if !verbose {
        // What a rehearsal logs did not happen.
        log::set_max_level(log::LevelFilter::Off);
    }
    let now = world.clock.now();
    let until = now.plus(args.until);
    let outlook = crate::tick::plan(&world, until)?;
    let snapshot = store.snapshot(now, now, now)?;
    let person = person.map(|person| person.id.as_str());
    let (calendars, pauses) = (&snapshot.calendars, &snapshot.pauses);
    let plan = Plan { now, until, config: &config, outlook: &outlook, calendars, pauses, person };
    if args.json {
        print::json(out, &report(&plan))?;
    } else {
        out.write_all(render(&plan, screen).as_bytes())?;
    }
    Ok(Exit::Done)
}

impl Plan<'_> {
    /// The steps that are shown.
    fn steps(&self) -> impl Iterator<Item = &Foreseen> {
        self.outlook.steps.iter().filter(|step| self.person.is_none_or(|person| person == step.result.person))
    }

    /// Calls the provider starts in a second.
    fn rate(&self) -> Option<f64> {
        let provider = &self.config.provider;
        match provider.chosen {
            ProviderChoice::Twilio => provider.twilio.as_ref().map(|twilio| twilio.calls_per_second),
            ProviderChoice::Mock => provider.mock.calls_per_second,
        }
    }

    /// Minutes in which calls are turned away, of all people: the provider's pace would let them start too late.
    pub fn crowds(&self) -> Vec<Crowd> {
        let lost = |step: &&Foreseen| step.result.reason == Reason::Capacity;
        let mut minutes: BTreeMap<i64, Vec<Timestamp>> = BTreeMap::new();
        for step in self.outlook.steps.iter().filter(|step| step.result.kind == RungKind::Call).filter(lost) {
            minutes.entry(step.at.ms() / 60_000).or_default().push(step.at);
        }
        let crowd = |lost: Vec<Timestamp>| {
            let (at, last) = (*lost.first()?, *lost.last()?);
            Some(Crowd { at, calls: self.waiting(at, last), too_late: lost.len() })
        };
        minutes.into_values().filter_map(crowd).collect()
    }

    /// How many calls wait at some time between these, those included that start or are turned away then.
    fn waiting(&self, from: Timestamp, until: Timestamp) -> usize {
        let waits = |step: &&Foreseen| {
            let result = &step.result;
            let made = result.state == StepState::Executed && result.reason != Reason::Merged;
            let is_due = result.due_at.is_none_or(|due_at| due_at <= until);
            let counts = made || result.reason == Reason::Capacity;
            result.kind == RungKind::Call && counts && is_due && step.at >= from
        };
        self.outlook.steps.iter().filter(waits).count()
    }
}

/// The whole text.
pub fn render(plan: &Plan<'_>, screen: Screen) -> String {
    let zone = pick::zone_of(plan.person.unwrap_or_default(), &plan.config.people);
    let zone = plan.config.people.first().filter(|_| plan.person.is_none()).map_or(zone, |first| first.zone.clone());
    let stop = plan.config.stop_file.as_path();
    let status = StatusCtx {
        now: plan.now,
        people: &plan.config.people,
        provider: plan.config.provider.chosen,
        test_mode: plan.config.test_mode,
        stopped_by: plan.config.stopped().then_some(stop),
        max_age: None,
        screen,
    };
    let mut lines = brakes(&status);
    lines.extend(pause_lines(plan.pauses, &status));
    let until = when::short(plan.until, plan.now, &zone);
    lines.push(format!("Until {until}, if nobody checks in and nobody answers, with a tick every half minute:"));
    lines.push(String::new());
    let rows: Vec<Vec<String>> = plan.steps().map(|step| row(step, plan)).collect();
    if rows.is_empty() {
        lines.push("Nothing is due.".into());
    } else {
        lines.extend(print::table(rows, screen.width).lines().map(str::to_owned));
    }
    let rate = plan.rate().map_or_else(String::new, |rate| format!(" at {rate} a second (calls_per_second)"));
    for crowd in plan.crowds() {
        let at = when::short(crowd.at, plan.now, &zone);
        let Crowd { calls, too_late, .. } = crowd;
        let text = format!("CROWDED at {at}: {calls} calls{rate}; {too_late} could not start before their meetings");
        lines.push(screen.paint.alarm(&text));
    }
    lines.extend(plan.calendars.iter().map(|calendar| calendar_line(calendar, plan.now)));
    lines.push(String::new());
    lines.join("\n")
}

/// Time, person, meeting, what, whom, and what becomes of it.
fn row(step: &Foreseen, plan: &Plan<'_>) -> Vec<String> {
    let (result, zone) = (&step.result, pick::zone_of(&step.result.person, &plan.config.people));
    let contact = step.contact.as_deref().map_or_else(String::new, |name| format!(" to {}", printable(name)));
    let starts = when::short(step.starts_at, plan.now, &zone);
    vec![
        format!("{}:{:02}", when::short(step.at, plan.now, &zone), zone.civil(step.at).time.2),
        printable(&result.person),
        format!("{} at {starts}", cut(&printable(&result.title), TITLE_CUT)),
        format!("{}{contact}", result.kind),
        result.to.as_deref().map(printable).unwrap_or_default(),
        fate(step),
    ]
}

/// `rings (window: …)`, `skipped: the daily cap is reached (…)`.
fn fate(step: &Foreseen) -> String {
    let result = &step.result;
    let waited_ms = result.due_at.map_or(0, |due_at| step.at.since(due_at));
    let waited = if waited_ms >= WAITED_MS && result.state == StepState::Executed {
        format!(", {} s after it was due", waited_ms / 1000)
    } else {
        String::new()
    };
    let done = match (result.kind, result.reason) {
        (_, Reason::Merged) => "shares a call",
        (_, Reason::TestMode) => "is recorded",
        (RungKind::Call, _) => "rings",
        _ => "is sent",
    };
    let detail = printable(&result.detail);
    match result.state {
        StepState::Executed => {
            let saw = step.guards.as_deref().map_or_else(String::new, |saw| format!(" ({})", printable(saw)));
            format!("{done}{waited}{saw}")
        }
        state if detail.is_empty() => format!("{}: {}", state.as_str().to_lowercase(), reason_words(result.reason)),
        state => format!("{}: {} ({detail})", state.as_str().to_lowercase(), reason_words(result.reason)),
    }
}

fn calendar_line(calendar: &CalendarView, now: Timestamp) -> String {
    let (name, person) = (printable(&calendar.name), printable(&calendar.person));
    let age = calendar.good_at.map(|at| when::relative(at, now));
    match (age, calendar.failing_since) {
        (None, _) => format!("The calendar {name} of {person} has never been read: its meetings are missing here."),
        (Some(age), None) => format!("The calendar {name} of {person} is taken as it was {age}."),
        (Some(age), Some(_)) => {
            format!("The calendar {name} of {person} cannot be read now and is taken as it was {age}.")
        }
    }
}
