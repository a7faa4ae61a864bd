//! `status` for people.

use super::words::{attempt_words, incident_words, step_words};
use super::{StatusCtx, age_ms, is_old, zone_of};
use super::{calendars, hosts};
use crate::cli::pause::pause_words;
use crate::cli::print;
use crate::config::ProviderChoice;
use crate::exit::Exit;
use crate::model::{StepState, Timestamp, printable};
use crate::store::{AttemptView, IncidentView, PauseView, Snapshot, StepView, TickView};
use crate::when;
use crate::zone::Zone;

/// Meetings to come that are listed.
const LISTED: usize = 10;

/// The whole text.
pub fn render(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> String {
    let mut lines = brakes(ctx);
    lines.extend(pause_lines(&snapshot.pauses, ctx));
    lines.push(tick_line(snapshot.last_tick.as_ref(), ctx));
    lines.extend(hosts::lines(&snapshot.hosts, ctx));
    lines.extend(faults(snapshot, ctx));
    let (ended, open): (Vec<&IncidentView>, Vec<&IncidentView>) =
        snapshot.incidents.iter().partition(|incident| incident.state.is_final());
    section(&mut lines, ctx, "Next", next_meetings(snapshot, ctx));
    section(&mut lines, ctx, "Open incidents", incidents(&open, ctx));
    let calendars = calendars::lines(snapshot, ctx);
    if !calendars.is_empty() {
        section(&mut lines, ctx, "Calendars", calendars);
    }
    if !ended.is_empty() {
        section(&mut lines, ctx, "Ended", incidents(&ended, ctx));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What keeps phones from ringing, first of all.
pub(in crate::cli) fn brakes(ctx: &StatusCtx<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if ctx.provider == ProviderChoice::Mock {
        lines.push(ctx.screen.paint.alarm("MOCK: NO PHONE WILL RING"));
    } else if ctx.test_mode {
        lines.push(ctx.screen.paint.alarm("TEST MODE: NO PHONE WILL RING"));
    }
    if let Some(stop) = ctx.stopped_by {
        let text = format!("STOPPED: {} exists; nothing will ring", printable(&stop.to_string_lossy()));
        lines.push(ctx.screen.paint.alarm(&text));
    }
    lines
}

/// `PAUSED: ana until 11:00 (in 2 h), a reason; nothing is sent for these meetings`.
pub(in crate::cli) fn pause_lines(pauses: &[PauseView], ctx: &StatusCtx<'_>) -> Vec<String> {
    let line = |pause: &PauseView| {
        let what = if pause.person.is_some() { "nothing is sent for these meetings" } else { "nothing will ring" };
        ctx.screen.paint.alarm(&format!("PAUSED: {}; {what}", pause_words(pause, ctx.people, ctx.now)))
    };
    pauses.iter().map(line).collect()
}

pub(super) fn tick_line(tick: Option<&TickView>, ctx: &StatusCtx<'_>) -> String {
    let Some(tick) = tick else {
        return ctx.screen.paint.alarm("NO TICK YET: `savehub tick` must run every 30 s, see `savehub tick --help`");
    };
    let age = when::span(age_ms(tick, ctx.now));
    let paint = ctx.screen.paint;
    if tick.ended_at.unwrap_or(tick.started_at) > ctx.now {
        return paint.alarm(&format!("last tick {age} in the future: was the clock turned back?"));
    }
    match (tick.ended_at, tick.exit) {
        (None, _) if is_old(tick, ctx) => {
            paint.alarm(&format!("last tick started {age} ago and never ended: is cron running?"))
        }
        (None, _) => format!("last tick started {age} ago and has not ended yet"),
        _ if is_old(tick, ctx) => paint.alarm(&format!("last tick {age} ago: is cron running?")),
        (Some(_), None | Some(0)) => format!("last tick {age} ago, ok"),
        (Some(_), Some(code)) => paint.notice(&format!("last tick {age} ago, exit {code}{}", meaning(code))),
    }
}

fn meaning(code: u8) -> String {
    let known = Exit::ALL.into_iter().find(|exit| exit.code() == code);
    let short = known.and_then(|exit| exit.meaning().split([':', ';']).next().map(str::to_owned));
    short.map_or_else(String::new, |short| format!(": {short}"))
}

fn faults(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> Vec<String> {
    let line = |fault: &crate::store::FaultView| {
        let since = when::span(ctx.now.since(fault.since).max(0).unsigned_abs());
        ctx.screen.paint.alarm(&format!("fault: {}, for {since}", printable(&fault.fault)))
    };
    snapshot.faults.iter().map(line).collect()
}

fn section(lines: &mut Vec<String>, ctx: &StatusCtx<'_>, heading: &str, body: Vec<String>) {
    lines.push(String::new());
    lines.push(ctx.screen.paint.heading(heading));
    if body.is_empty() {
        lines.push("  none".into());
    }
    lines.extend(body);
}

fn next_meetings(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> Vec<String> {
    let shown = snapshot.next_meetings.iter().take(LISTED);
    let rows: Vec<_> = shown.map(|meeting| crate::cli::meeting::row(meeting, ctx.people, ctx.now)).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    // Two columns of the terminal are the indentation.
    let width = ctx.screen.width.map(|width| width.saturating_sub(2));
    let mut lines: Vec<String> = print::table(rows, width).lines().map(|line| format!("  {line}")).collect();
    let more = snapshot.next_meetings.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("  and {more} more; `savehub meeting list` shows them"));
    }
    lines
}

fn incidents(incidents: &[&IncidentView], ctx: &StatusCtx<'_>) -> Vec<String> {
    incidents.iter().flat_map(|incident| incident_lines(incident, ctx)).collect()
}

fn incident_lines(incident: &IncidentView, ctx: &StatusCtx<'_>) -> Vec<String> {
    let zone = zone_of(&incident.person, ctx);
    let (title, person) = (printable(&incident.title), printable(&incident.person));
    let at = when::short(incident.starts_at, ctx.now, &zone);
    let starts = when::relative(incident.starts_at, ctx.now);
    let words = incident_words(incident);
    let mut lines = vec![format!("  {} {title}: {person}, {at} ({starts}), {words}", incident.id)];
    for step in &incident.steps {
        lines.push(step_line(step, &zone, ctx));
        lines.extend(step.attempts.iter().map(|attempt| attempt_line(attempt, &zone, ctx.now)));
    }
    lines
}

fn step_line(step: &StepView, zone: &Zone, ctx: &StatusCtx<'_>) -> String {
    let words = step_words(step, ctx.now);
    let words = if step.state == StepState::Failed { ctx.screen.paint.alarm(&words) } else { words };
    let to = step.contact.as_ref().map(|name| format!(" to {}", printable(name)));
    let to = to.or_else(|| step.channel.as_ref().map(|name| format!(" {}", printable(name)))).unwrap_or_default();
    format!("    {} {}{to} {}: {words}", step.id, step.kind, exact(step.due_at, ctx.now, zone))
}

fn attempt_line(attempt: &AttemptView, zone: &Zone, now: Timestamp) -> String {
    let mut parts = vec![format!(
        "      {} {} {}: {}",
        exact(attempt.intent_at, now, zone),
        attempt.provider,
        printable(&attempt.to),
        attempt_words(attempt)
    )];
    parts.extend(attempt.call_id.as_deref().map(printable));
    if let (Some(price), Some(unit)) = (&attempt.price, &attempt.price_unit) {
        // The provider writes a charge as a negative number.
        parts.push(format!("{} {}", printable(price).trim_start_matches('-'), printable(unit)));
    }
    parts.join(", ")
}

/// `08:57:03`, with the date when it is not today's.
fn exact(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    format!("{}:{:02}", when::short(at, now, zone), zone.civil(at).time.2)
}
