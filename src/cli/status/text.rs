//! `status` for people.

use super::ctx::StatusCtx;
use super::tick::tick_line;
use super::{calendars, hosts};
use crate::cli::words::{
    attempt_words, brake_lines, broken_config, exact, incident_words, no_phone, pause_lines, price, step_name,
    step_words, young_words,
};
use crate::cli::{pick, print};
use crate::model::{StepState, Timestamp, printable};
use crate::store::{AttemptView, FaultView, IncidentView, Snapshot, StepView, new_database};
use crate::when;
use crate::zone::Zone;

/// Meetings to come that are listed.
const LISTED: usize = 10;

/// The whole text.
pub fn render(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> String {
    let paint = ctx.screen.paint;
    let mut lines = brake_lines(no_phone(ctx.provider, ctx.test_mode), &ctx.stop, paint);
    lines.extend(pause_lines(&snapshot.pauses, ctx.people, ctx.now, paint));
    lines.extend(ctx.broken.map(|broken| paint.alarm(&broken_config(broken, ctx.people, ctx.now))));
    lines.push(tick_line(snapshot.last_tick.as_ref(), ctx));
    lines.extend(young(snapshot, ctx));
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

/// Whoever lost the old database must see it.
fn young(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> Option<String> {
    let age = new_database(snapshot.made_at, ctx.now)?;
    Some(ctx.screen.paint.notice(&young_words(age)))
}

fn faults(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> Vec<String> {
    let line = |fault: &FaultView| {
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
    let mut lines = print::indented_table(rows, ctx.screen);
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
    let zone = pick::zone_of(&incident.person, ctx.people);
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
    format!("    {} {}: {words}", step_name(step), exact(step.due_at, ctx.now, zone))
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
    parts.extend(price(attempt));
    parts.join(", ")
}
