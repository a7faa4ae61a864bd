//! `savehub plan`: what would ring, when, for whom, and what each guard would say.
//!
//! `tick::plan` rehearses the real ticks; here is how that is shown, and where more calls fall due together than the
//! provider can start in time.

mod crowd;
mod json;

pub use crowd::{Crowd, Plan};
pub(super) use json::FIELDS;
pub use json::report;

use super::args::PlanArgs;
use super::ctx::Invocation;
use super::print::{self, Screen};
use super::words::{brake_lines, broken_config, detailed, exact, no_phone, pause_lines, reason_words, unread_line};
use super::{local_time, open, pick};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Secrets;
use crate::exit::{Exit, UsageError};
use crate::model::{Reason, RungKind, StepState, Timestamp, cut, printable};
use crate::store::CalendarView;
use crate::store::sqlite::Create;
use crate::tick::{Foreseen, UnreadCalendar};
use crate::when;
use std::sync::Arc;
use std::time::Duration;

/// The longest time that is planned.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// Titles in the table are cut to this many characters.
const TITLE_CUT: usize = 60;

/// A step that runs this much after its due time had to wait for something else than the next tick.
const WAITED_MS: i64 = 60_000;

/// Runs the command.
pub(super) fn run(args: &PlanArgs, verbose: bool, io: Invocation<'_>) -> anyhow::Result<Exit> {
    let Invocation { file, screen, out } = io;
    let config = open::config_or_last_good(file, Secrets::Needed, false)?;
    if let Some(broken) = &config.broken {
        log::warn!("{}", broken_config(broken, &config.people, SystemClock.now()));
    }
    let config = Arc::new(config);
    if !args.json {
        local_time::must_be_known(&config)?;
    }
    if args.until.is_zero() || args.until > LONGEST {
        return Err(UsageError("--until: savehub plans some time up to 31d, such as 24h".into()).into());
    }
    let person = args.person.as_deref().map(|id| pick::person(Some(id), &config.people)).transpose()?;
    let store = open::store(&config, Create::No)?;
    let world = open::world(&config, &store, Arc::new(SystemClock))?;
    let now = world.clock.now();
    let until = now.plus(args.until);
    let plan = || crate::tick::plan(&world, until);
    // What a rehearsal logs did not happen.
    let outlook = if verbose { plan() } else { crate::log::silenced(plan) }?;
    let snapshot = store.snapshot(now, now, now)?;
    let person = person.map(|person| person.id.as_str());
    let plan = Plan { now, until, config: &config, outlook: &outlook, pauses: &snapshot.pauses, person };
    if args.json {
        print::json(out, &report(&plan))?;
    } else {
        out.write_all(render(&plan, screen).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// The whole text.
pub fn render(plan: &Plan<'_>, screen: Screen) -> String {
    let people = &plan.config.people;
    let zone = plan.person.map_or_else(|| pick::first_zone(people), |person| pick::zone_of(person, people));
    let stop = plan.config.stop();
    let no_phone = no_phone(plan.config.provider.chosen, plan.config.test_mode);
    let unread = UnreadCalendar::among(&plan.outlook.calendars);
    let mut lines: Vec<String> = unread_line(&unread, screen.paint).into_iter().collect();
    lines.extend(brake_lines(no_phone, &stop, screen.paint));
    lines.extend(pause_lines(plan.pauses, people, plan.now, screen.paint));
    let until = when::short(plan.until, plan.now, &zone);
    lines.push(format!("Until {until}, if nobody checks in and nobody answers, with a tick every half minute:"));
    lines.push(String::new());
    let rows: Vec<Vec<String>> = plan.steps().map(|step| row(step, plan)).collect();
    if rows.is_empty() {
        lines.push(if unread.is_empty() { "Nothing is due." } else { "Nothing that is known is due." }.into());
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
    lines.extend(plan.outlook.calendars.iter().map(|calendar| calendar_line(calendar, plan.now)));
    lines.push(String::new());
    lines.join("\n")
}

/// Time, person, meeting, what, whom, and what becomes of it.
fn row(step: &Foreseen, plan: &Plan<'_>) -> Vec<String> {
    let (result, zone) = (&step.result, pick::zone_of(&step.result.person, &plan.config.people));
    let contact = step.contact.as_deref().map_or_else(String::new, |name| format!(" to {}", printable(name)));
    let starts = when::short(step.starts_at, plan.now, &zone);
    let marked = step.marks.shown().map_or_else(String::new, |marks| format!(", {marks}"));
    vec![
        exact(step.at, plan.now, &zone),
        printable(&result.person),
        format!("{} at {starts}{marked}", cut(&printable(&result.title), TITLE_CUT)),
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
    match result.state {
        StepState::Executed => {
            let saw = step.guards.as_deref().map_or_else(String::new, |saw| format!(" ({})", printable(saw)));
            format!("{done}{waited}{saw}")
        }
        state => {
            let why = detailed(reason_words(result.reason), Some(&result.detail));
            format!("{}: {why}", state.as_str().to_lowercase())
        }
    }
}

fn calendar_line(calendar: &CalendarView, now: Timestamp) -> String {
    let (name, person) = (printable(&calendar.name), printable(&calendar.person));
    let why = calendar.failure.as_deref().map_or_else(String::new, |why| format!(" ({})", printable(why)));
    let age = calendar.good_at.map(|at| when::relative(at, now));
    match (age, calendar.failing_since) {
        (None, _) => {
            format!("The calendar {name} of {person} has never been read{why}: its meetings are missing here.")
        }
        (Some(age), None) => format!("The calendar {name} of {person} is taken as it was {age}."),
        (Some(age), Some(_)) => {
            format!("The calendar {name} of {person} cannot be read now and is taken as it was {age}.")
        }
    }
}
