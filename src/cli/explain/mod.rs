//! `savehub explain`: the story of one meeting, and in its first line why it rang or why it did not.
//!
//! Pure but for [`run`]: what the store knows goes in, an `Answer` and a list of `Event`s come out. `unwatched` explains
//! meetings that have no incident.

mod answer;
mod context;
mod json;
mod story;
mod timeline;
mod unwatched;

pub(super) use json::FIELDS;

use super::args::ExplainArgs;
use super::ctx::Ctx;
use super::pick::{self, MeetingSearch};
use super::print;
use super::words::{exact, incident_words, skip_words, title};
use crate::exit::{Exit, UsageError};
use crate::model::{IncidentId, MeetingId, MeetingState, Timestamp, printable};
use crate::when;
use crate::zone::Zone;
use std::time::Duration;
use story::{Story, story};
use timeline::Event;
use unwatched::{LeftOut, left_out};

/// Titles are looked for among meetings that started at most this long ago.
const SINCE: Duration = Duration::from_secs(31 * 86_400);

/// Runs the command.
pub fn run(args: &ExplainArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let (meeting, incident) = match choose(args, ctx)? {
        Chosen::Meeting(meeting) => (meeting, None),
        Chosen::Incident(meeting, incident) => (meeting, Some(incident)),
        Chosen::LeftOut(found) => return show_left_out(&found, args.json, ctx),
    };
    let Some(history) = ctx.store.history(meeting)? else {
        return Err(UsageError(format!("there is no meeting {meeting} any more; `retention` deletes old ones")).into());
    };
    let zone = pick::zone_of(&history.meeting.person, &ctx.config.people);
    let story = story(&history, incident, &zone, ctx)?;
    if args.json {
        print::json(ctx.out, &json::report(&story, ctx.now))?;
    } else {
        ctx.out.write_all(text(&story, &zone, ctx).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// What was meant.
enum Chosen {
    Meeting(MeetingId),
    Incident(MeetingId, IncidentId),
    /// No meeting that savehub watches: these stand in a calendar and do not ring.
    LeftOut(Vec<LeftOut>),
}

fn choose(args: &ExplainArgs, ctx: &Ctx<'_>) -> anyhow::Result<Chosen> {
    let typed = args.what.trim();
    if typed.starts_with('i')
        && let Some(id) = IncidentId::parse(typed)
    {
        let meeting = ctx.store.meeting_of(id)?;
        let unknown = || UsageError(format!("there is no incident {id}; `savehub status` lists them"));
        return Ok(Chosen::Incident(meeting.ok_or_else(unknown)?, id));
    }
    if let Some(id) = MeetingId::parse(typed)
        && ctx.store.meeting(id)?.is_some()
    {
        return Ok(Chosen::Meeting(id));
    }
    let meetings = ctx.store.meetings(ctx.now.minus(SINCE), Timestamp::from_ms(i64::MAX))?;
    let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
    match search.find_meeting(typed, args.person.as_deref()) {
        Ok(meeting) => Ok(Chosen::Meeting(meeting.id)),
        Err(error) => {
            let calendars = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?.calendars;
            let wanted = typed.to_lowercase();
            let whose = |id: &str| ctx.config.person(id).filter(|p| args.person.as_ref().is_none_or(|a| *a == p.id));
            let mut found = left_out(ctx.store, &calendars, whose, ctx.now)?;
            found.retain(|one| !wanted.is_empty() && printable(&one.meeting.title).to_lowercase().contains(&wanted));
            // If the text fits several watched meetings, the user must choose among those first.
            let several = search.fits(typed, args.person.as_deref());
            if found.is_empty() || several { Err(error.into()) } else { Ok(Chosen::LeftOut(found)) }
        }
    }
}

/// The whole text.
fn text(story: &Story<'_>, zone: &Zone, ctx: &Ctx<'_>) -> String {
    let mut lines = vec![ctx.screen.paint.heading(&story.answer.line)];
    lines.extend(story.answer.more.iter().cloned());
    lines.push(String::new());
    let meeting = &story.history.meeting;
    let starts_at = story.incident.map_or(meeting.starts_at, |i| i.view.starts_at);
    let id = story.incident.map_or_else(|| meeting.id.to_string(), |i| i.view.id.to_string());
    let state = match story.incident {
        Some(incident) => incident_words(&incident.view),
        None if meeting.state == MeetingState::Cancelled => "called off".into(),
        None => "planned".into(),
    };
    let at = when::describe(starts_at, ctx.now, zone);
    let marked = meeting.marks.shown().map_or_else(String::new, |marks| format!(", {marks}"));
    lines.push(format!("{id} {}: {}, {at}, {state}{marked}", title(&meeting.title), printable(&meeting.person)));
    let times: Vec<String> =
        story.events.iter().map(|e| e.at.map_or_else(String::new, |at| exact(at, ctx.now, zone))).collect();
    let width = times.iter().map(String::len).max().unwrap_or_default();
    let line = |(event, time): (&Event, &String)| format!("  {time:width$}  {}", event.text);
    lines.extend(story.events.iter().zip(&times).map(line));
    if !story.others.is_empty() {
        lines.push(String::new());
        lines.push(ctx.screen.paint.heading("Other times of this meeting"));
        lines.extend(story.others.iter().map(|(other, answer)| {
            let at = when::short(other.view.starts_at, ctx.now, zone);
            format!("  {} for {at}, {}: {answer}", other.view.id, other.view.state)
        }));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Meetings of calendars that savehub does not watch, each with its reason.
fn show_left_out(found: &[LeftOut], as_json: bool, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let line = |one: &LeftOut| {
        let at = when::describe(one.meeting.starts_at, ctx.now, &pick::zone_of(&one.person, &ctx.config.people));
        let (title, person) = (title(&one.meeting.title), printable(&one.person));
        let why = skip_words(one.why);
        format!("{title} of {person}, {at}, does not ring: in the calendar {} it is left out: {why}.", one.calendar)
    };
    let lines: Vec<String> = found.iter().map(line).collect();
    if as_json {
        print::json(ctx.out, &json::without_meeting(&lines, ctx.now))?;
    } else {
        ctx.out.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
    }
    Ok(Exit::Done)
}
