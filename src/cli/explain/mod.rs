//! `savehub explain`: the story of one meeting, and in its first line why it rang or why it did not.
//!
//! Pure but for [`run`]: what the store knows ([`History`]) goes in, an `Answer` and a list of `Event`s come out. `sentences` has a plain sentence for every reason and outcome, `unwatched` tells
//! of meetings that have no incident.

mod answer;
mod json;
pub mod sentences;
mod teller;
mod timeline;
mod unwatched;

pub(super) use json::FIELDS;

use super::Ctx;
use super::args::ExplainArgs;
use super::pause::pause_words;
use super::pick::{self, Look};
use super::print;
use super::status::incident_words;
use crate::config::ProviderChoice;
use crate::exit::{Exit, UsageError};
use crate::model::{IncidentId, MeetingId, MeetingState, ProviderKind, Timestamp, printable};
use crate::store::{History, IncidentHistory, Snapshot};
use crate::when;
use crate::zone::Zone;
use answer::{Answer, answer};
use std::time::Duration;
use teller::{Outside, Teller, exact, title};
use timeline::{Event, events};
use unwatched::{LeftOut, Unwatched, left_out};

/// Titles are looked for among meetings that started at most this long ago.
const SINCE: Duration = Duration::from_secs(31 * 86_400);

/// A whole story.
struct Story<'a> {
    history: &'a History,
    /// The incident it is about; `None`: there is none for the meeting as it is.
    incident: Option<&'a IncidentHistory>,
    answer: Answer,
    events: Vec<Event>,
    /// The other incidents of the meeting, each with its answer.
    others: Vec<(&'a IncidentHistory, String)>,
}

/// Runs the command.
pub fn run(args: &ExplainArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let (meeting, incident) = match choose(args, ctx)? {
        Chosen::Meeting(meeting) => (meeting, None),
        Chosen::Incident(meeting, incident) => (meeting, Some(incident)),
        Chosen::LeftOut(found) => return tell_left_out(&found, args.json, ctx),
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
    let look = Look { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
    match look.told(typed, args.person.as_deref()) {
        Ok(meeting) => Ok(Chosen::Meeting(meeting.id)),
        Err(error) => {
            let calendars = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?.calendars;
            let wanted = typed.to_lowercase();
            let whose = |id: &str| ctx.config.person(id).filter(|p| args.person.as_ref().is_none_or(|a| *a == p.id));
            let mut found = left_out(ctx.store, &calendars, whose, ctx.now)?;
            found.retain(|one| !wanted.is_empty() && printable(&one.meeting.title).to_lowercase().contains(&wanted));
            // What several meetings could be is to be said first.
            let several = look.fits(typed, args.person.as_deref());
            if found.is_empty() || several { Err(error.into()) } else { Ok(Chosen::LeftOut(found)) }
        }
    }
}

fn story<'a>(
    history: &'a History,
    wanted: Option<IncidentId>,
    zone: &Zone,
    ctx: &Ctx<'_>,
) -> anyhow::Result<Story<'a>> {
    let meeting = &history.meeting;
    let current = |i: &&IncidentHistory| match wanted {
        Some(id) => i.view.id == id,
        None => i.view.generation == meeting.generation || meeting.state == MeetingState::Cancelled,
    };
    let incident = history.incidents.iter().rev().find(current);
    let snapshot = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?;
    let outside = outside(&snapshot, &meeting.person, ctx);
    let of = |incident: &'a IncidentHistory| Teller { history, incident, now: ctx.now, zone, outside: &outside };
    let others = history.incidents.iter().rev().filter(|i| incident.is_none_or(|told| told.view.id != i.view.id));
    let others = others.map(|other| (other, answer(&of(other)).line)).collect();
    if let Some(incident) = incident {
        let teller = of(incident);
        return Ok(Story {
            history,
            incident: Some(incident),
            answer: answer(&teller),
            events: events(&teller),
            others,
        });
    }
    let person = |id: &str| ctx.config.person(id).filter(|_| id == meeting.person);
    let left_out = match meeting.state {
        MeetingState::Cancelled => left_out(ctx.store, &snapshot.calendars, person, meeting.starts_at)?,
        MeetingState::Scheduled => Vec::new(),
    };
    let same = |one: &LeftOut| one.meeting.uid == meeting.uid && one.meeting.recurrence == meeting.recurrence;
    let left_out = left_out.into_iter().find(same).map(|one| (one.calendar, one.why));
    let unwatched = Unwatched {
        history,
        config: ctx.config,
        last_tick: snapshot.last_tick.as_ref(),
        left_out: left_out.as_ref(),
        now: ctx.now,
        zone,
    };
    Ok(Story { history, incident: None, answer: unwatched.answer(), events: unwatched.events(), others })
}

fn outside(snapshot: &Snapshot, person: &str, ctx: &Ctx<'_>) -> Outside {
    let own = snapshot.pauses.iter().filter(|pause| pause.person.as_deref().is_none_or(|who| who == person));
    let longest = own.max_by_key(|pause| pause.until.unwrap_or(Timestamp::from_ms(i64::MAX)));
    let provider = match ctx.config.provider.chosen {
        ProviderChoice::Mock => ProviderKind::Mock,
        ProviderChoice::Twilio => ProviderKind::Twilio,
    };
    let refused = crate::tick::account_fault(provider);
    Outside {
        stopped: ctx.config.stopped(),
        pause: longest.map(|pause| (pause.clone(), pause_words(pause, &ctx.config.people, ctx.now))),
        last_tick: snapshot.last_tick.as_ref().map(|tick| tick.ended_at.unwrap_or(tick.started_at)),
        refused: snapshot.faults.iter().any(|fault| fault.fault == refused),
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
    lines.push(format!("{id} {}: {}, {at}, {state}", title(&meeting.title), printable(&meeting.person)));
    let times: Vec<String> =
        story.events.iter().map(|e| e.at.map_or_else(String::new, |at| exact(at, ctx.now, zone))).collect();
    let width = times.iter().map(String::len).max().unwrap_or_default();
    let told = |(event, time): (&Event, &String)| format!("  {time:width$}  {}", event.text);
    lines.extend(story.events.iter().zip(&times).map(told));
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
fn tell_left_out(found: &[LeftOut], as_json: bool, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let line = |one: &LeftOut| {
        let at = when::describe(one.meeting.starts_at, ctx.now, &pick::zone_of(&one.person, &ctx.config.people));
        let (title, person) = (title(&one.meeting.title), printable(&one.person));
        let why = super::calendar::skip_words(one.why);
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
