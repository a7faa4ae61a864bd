//! `savehub meeting`: meetings by hand.

use super::args::{MeetingAddArgs, MeetingCancelArgs, MeetingCommand, MeetingListArgs, MeetingMoveArgs};
use super::ctx::Ctx;
use super::json::object;
use super::pick::{self, MeetingSearch};
use super::print;
use super::words::effects;
use crate::config::Person;
use crate::exit::{Exit, UsageError};
use crate::model::{IncidentId, MeetingId, MeetingState, Timestamp, printable};
use crate::store::{Ended, Meeting, NewMeeting};
use crate::when;
use crate::zone::Zone;
use anyhow::Context as _;
use std::io::Read as _;
use std::time::Duration;

/// Longest title, in characters.
const TITLE_MAX: usize = 500;

/// Longest link, in bytes.
const LINK_MAX: usize = 2000;

/// Meetings that began longer ago than this are not chosen by their title.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Runs the command.
pub fn run(command: &MeetingCommand, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    match command {
        MeetingCommand::Add(args) => add(args, ctx),
        MeetingCommand::List(args) => list(args, ctx),
        MeetingCommand::Cancel(args) => cancel(args, ctx),
        MeetingCommand::Move(args) => shift(args, ctx),
    }
}

/// The meeting that was typed, from all that may be meant.
pub(super) fn choose(typed: &str, person: Option<&str>, ctx: &Ctx<'_>) -> anyhow::Result<Meeting> {
    if person.is_some() {
        pick::person(person, &ctx.config.people)?;
    }
    let of_incident = of_incident(typed, ctx)?.map(|id| id.to_string());
    let typed = of_incident.as_deref().unwrap_or(typed);
    let mut meetings = ctx.store.meetings(ctx.now.minus(DAY), Timestamp::from_ms(i64::MAX))?;
    if let Some(id) = MeetingId::parse(typed)
        && !meetings.iter().any(|m| m.id == id)
    {
        meetings.extend(ctx.store.meeting(id)?);
    }
    let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
    Ok(search.meeting(typed, person)?.clone())
}

/// The meeting of the incident that was typed (`i7`), as long as that watches the start which the meeting has now.
fn of_incident(typed: &str, ctx: &Ctx<'_>) -> anyhow::Result<Option<MeetingId>> {
    let typed = typed.trim();
    let Some(id) = IncidentId::parse(typed).filter(|_| typed.starts_with('i')) else { return Ok(None) };
    let Some(meeting) = ctx.store.meeting_of(id)? else { return Ok(None) };
    let Some(history) = ctx.store.history(meeting)? else { return Ok(None) };
    let generation = history.incidents.iter().find(|i| i.view.id == id).map(|i| i.view.generation);
    if generation.is_some_and(|generation| generation != history.meeting.generation) {
        let zone = pick::zone_of(&history.meeting.person, &ctx.config.people);
        let now_at = line(&history.meeting, ctx.now, &zone);
        return Err(UsageError(format!(
            "{id} has ended, and its meeting goes on without it: {now_at}; write {meeting}"
        ))
        .into());
    }
    Ok(Some(meeting))
}

fn add(args: &MeetingAddArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let person = pick::person(args.person.as_deref(), &ctx.config.people)?;
    let new = checked(args, person, fresh_uid()?, ctx.now)?;
    let meeting = ctx.store.add_meeting(&new, ctx.now)?;
    ctx.finish(&line(&meeting, ctx.now, &person.zone), None)
}

/// What was typed, checked.
fn checked(args: &MeetingAddArgs, person: &Person, uid: String, now: Timestamp) -> Result<NewMeeting, UsageError> {
    let title = args.title.trim();
    if printable(title).is_empty() {
        return Err(UsageError("the title is empty; write what the meeting is called".into()));
    }
    let length = title.chars().count();
    if length > TITLE_MAX {
        return Err(UsageError(format!("the title has {length} characters; at most {TITLE_MAX} are kept")));
    }
    let starts_at = when::parse_future(&args.at, now, &person.zone).map_err(|e| about("--at", &e))?;
    let ends_at = args.end.as_deref().map(|end| end_after(end, starts_at, now, &person.zone)).transpose()?;
    Ok(NewMeeting {
        person: person.id.clone(),
        uid,
        recurrence: String::new(),
        title: title.to_owned(),
        starts_at,
        ends_at,
        link: args.link.as_deref().map(link).transpose()?,
        source: "manual".into(),
    })
}

fn end_after(typed: &str, start: Timestamp, now: Timestamp, zone: &Zone) -> Result<Timestamp, UsageError> {
    let end = when::parse_end(typed, start, now, zone).map_err(|e| about("--end", &e))?;
    if end > start {
        return Ok(end);
    }
    let (end, start) = (zone.text(end), zone.text(start));
    Err(UsageError(format!("--end: {end} is not after the start, {start}; write an end with its date if it is later")))
}

fn about(option: &str, error: &when::WhenError) -> UsageError {
    UsageError(format!("{option}: {error}"))
}

fn link(typed: &str) -> Result<String, UsageError> {
    let typed = typed.trim();
    let after = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://"));
    if after.is_none_or(str::is_empty) || typed.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(UsageError("--link: a link starts with https:// or http:// and has no spaces".into()));
    }
    if typed.len() > LINK_MAX {
        return Err(UsageError(format!("--link: the link has {} bytes; at most {LINK_MAX} are kept", typed.len())));
    }
    Ok(typed.to_owned())
}

/// A UID nobody else has: 16 random hex digits.
fn fresh_uid() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot read /dev/urandom to make an id")?;
    Ok(format!("{:016x}@savehub", u64::from_be_bytes(bytes)))
}

fn cancel(args: &MeetingCancelArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let meeting = choose(&args.meeting, args.person.as_deref(), ctx)?;
    if meeting.state == MeetingState::Cancelled {
        let text = format!("{} {}: was called off before; nothing changed", meeting.id, pick::title(&meeting));
        return ctx.finish(&text, None);
    }
    let changed = ctx.store.cancel_meeting(meeting.id, ctx.now)?;
    let text = format!("{} {}: called off{}", meeting.id, pick::title(&meeting), ended(changed.ended.as_ref()));
    ctx.finish(&text, changed.ended.as_ref())
}

fn shift(args: &MeetingMoveArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let old = choose(&args.meeting, args.person.as_deref(), ctx)?;
    if old.state == MeetingState::Cancelled {
        return Err(UsageError(format!("{} {} was called off; add it again instead", old.id, pick::title(&old))).into());
    }
    let zone = pick::zone_of(&old.person, &ctx.config.people);
    let (starts_at, ends_at) = moved_to(args, &old, ctx.now, &zone)?;
    let changed = ctx.store.move_meeting(old.id, starts_at, ends_at, ctx.now)?;
    let text = format!("{}{}", line(&changed.meeting, ctx.now, &zone), ended(changed.ended.as_ref()));
    ctx.finish(&text, changed.ended.as_ref())
}

/// The new start and end; without a typed end the meeting keeps its length.
fn moved_to(
    args: &MeetingMoveArgs,
    old: &Meeting,
    now: Timestamp,
    zone: &Zone,
) -> Result<(Timestamp, Option<Timestamp>), UsageError> {
    let starts_at = when::parse_future(&args.at, now, zone).map_err(|e| about("--at", &e))?;
    let ends_at = match (&args.end, old.ends_at) {
        (Some(end), _) => Some(end_after(end, starts_at, now, zone)?),
        (None, Some(end)) => Some(Timestamp::from_ms(starts_at.ms().saturating_add(end.since(old.starts_at)))),
        (None, None) => None,
    };
    Ok((starts_at, ends_at))
}

/// `m3 Board sync: ana, 2026-11-23 09:00 (in 23 h)`.
pub(super) fn line(meeting: &Meeting, now: Timestamp, zone: &Zone) -> String {
    let at = when::describe(meeting.starts_at, now, zone);
    format!("{} {}: {}, {at}", meeting.id, pick::title(meeting), printable(&meeting.person))
}

/// `; i4 ended, 2 pending steps cancelled`.
pub(super) fn ended(ended: Option<&Ended>) -> String {
    ended
        .filter(|ended| ended.changed)
        .map_or_else(String::new, |ended| format!("; {} ended{}", ended.incident, effects(ended)))
}

fn list(args: &MeetingListArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let since = if args.all { Timestamp::from_ms(0) } else { ctx.now.minus(DAY) };
    let mut meetings = ctx.store.meetings(since, Timestamp::from_ms(i64::MAX))?;
    if !args.all {
        meetings.retain(|m| m.state == MeetingState::Scheduled && pick::ends(m) > ctx.now);
    }
    for meeting in &mut meetings {
        clean(meeting);
    }
    if args.json {
        print::json(ctx.out, &object! { schema: 1, now: ctx.now, meetings: &meetings })?;
    } else {
        ctx.out.write_all(listing(&meetings, &ctx.config.people, ctx.now, ctx.screen.width).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Text from outside, made fit to be shown.
pub(super) fn clean(meeting: &mut Meeting) {
    meeting.title = printable(&meeting.title);
    meeting.link = meeting.link.as_deref().map(printable);
    meeting.dial_in = meeting.dial_in.as_deref().map(printable);
    meeting.source = printable(&meeting.source);
}

fn listing(meetings: &[Meeting], people: &[Person], now: Timestamp, width: Option<u16>) -> String {
    if meetings.is_empty() {
        return "no meetings to come; `savehub meeting add TITLE --at TIME` adds one\n".into();
    }
    print::table(meetings.iter().map(|m| row(m, people, now)).collect(), width)
}

/// Id, time, distance, person, title.
pub(super) fn row(meeting: &Meeting, people: &[Person], now: Timestamp) -> Vec<String> {
    let zone = pick::zone_of(&meeting.person, people);
    let distance = match meeting.state {
        MeetingState::Cancelled => "called off".to_owned(),
        MeetingState::Scheduled if meeting.starts_at <= now => when::starts(meeting.starts_at, now),
        MeetingState::Scheduled => when::relative(meeting.starts_at, now),
    };
    let over = pick::ended(meeting).filter(|_| meeting.state == MeetingState::Scheduled);
    let distance = over.map_or_else(|| distance.clone(), |words| format!("{distance}, {words}"));
    let distance = [Some(distance), meeting.marks.shown()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    vec![
        meeting.id.to_string(),
        zone.text(meeting.starts_at),
        distance,
        printable(&meeting.person),
        pick::title(meeting),
    ]
}

#[cfg(test)]
mod tests;
