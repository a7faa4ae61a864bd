//! What a look at a calendar changes in the meetings: reads the facts for the rule, and writes its answer down.

use super::tx::{Row, Sql, Tx, TxResult, if_readable};
use super::value::params;
use super::{incidents, meetings};
use crate::model::{
    CalendarId, CancelledBy, Change, Held, IncidentState, KnownMeeting, MeetingId, MeetingState, Owns, Reason,
    SeenAgenda, SeenMeeting, Timestamp,
};
use crate::store::{AgendaRecorded, AgendaRule, Changed, MeetingChange, MeetingNews};
use std::borrow::Cow;
use std::collections::HashSet;

/// Where meetings come from: a calendar, or a file that was imported.
struct Origin<'a> {
    calendar: Option<CalendarId>,
    person: &'a str,
    /// Name of the calendar or file.
    name: &'a str,
}

pub(super) fn of_calendar(
    tx: &dyn Tx,
    id: CalendarId,
    seen: &SeenAgenda,
    now: Timestamp,
    rule: AgendaRule<'_>,
) -> TxResult<Vec<MeetingChange>> {
    let (person, name): (String, String) =
        tx.row("select person, name from calendars where id = ?1", params![id], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let origin = Origin { calendar: Some(id), person: &person, name: &name };
    let mut known = held_to_come(tx, &origin, now)?;
    let seen = add_seen(tx, &origin, seen, &mut known)?;
    apply_all(tx, &origin, rule(&known, &seen), now)
}

pub(super) fn import(
    tx: &dyn Tx,
    person: &str,
    name: &str,
    seen: &SeenAgenda,
    now: Timestamp,
    rule: AgendaRule<'_>,
) -> TxResult<AgendaRecorded> {
    let origin = Origin { calendar: None, person, name };
    let mut known = Vec::new();
    let seen = add_seen(tx, &origin, seen, &mut known)?;
    for meeting in &mut known {
        // A file is never looked at again, so no calendar gives its meetings up for one.
        meeting.owner = if meeting.owner == Owns::Nobody { Owns::This } else { Owns::Another(i64::MAX) };
    }
    let changed = apply_all(tx, &origin, rule(&known, &seen), now)?;
    Ok(AgendaRecorded { counted: true, changed })
}

// --- what is known ---

/// `?1` is the calendar that looks; null for a file.
const KNOWN: &str = "select m.id, m.uid, m.recurrence, m.starts_at, m.ends_at, m.title, m.link, m.dial_in, \
                            m.cancelled_by, m.calendar_id, o.sequence, h.sequence, h.missing_since, \
                            exists(select 1 from calendar_meetings x where x.meeting_id = m.id \
                              and x.calendar_id <> ?1 and x.missing_since is null), m.state, m.generation";

/// The owner's copy.
const OWNERS: &str = "left join calendar_meetings o on o.meeting_id = m.id and o.calendar_id = m.calendar_id";

fn known_from_row(row: &dyn Row, looks: Option<CalendarId>) -> Sql<KnownMeeting> {
    let owner: Option<CalendarId> = row.get(9)?;
    let sequence: Option<i64> = row.get(10)?;
    let held: Option<i64> = row.get(11)?;
    // What may be changed must be readable as a whole.
    let _: (MeetingState, u32) = (row.get(14)?, row.get(15)?);
    let missing_since = row.get(12)?;
    Ok(KnownMeeting {
        id: row.get(0)?,
        uid: row.get(1)?,
        recurrence: row.get(2)?,
        starts_at: row.get(3)?,
        ends_at: row.get(4)?,
        title: row.get(5)?,
        link: row.get(6)?,
        dial_in: row.get(7)?,
        cancelled_by: row.get(8)?,
        owner: match owner {
            None => Owns::Nobody,
            _ if owner == looks => Owns::This,
            Some(_) => Owns::Another(sequence.unwrap_or(i64::MIN)),
        },
        held: held.map(|sequence| Held { sequence, missing_since }),
        elsewhere: row.get(13)?,
    })
}

/// Meetings of the calendar that have not started. The cross join makes SQLite begin with the person's future meetings
/// instead of the calendar's history.
fn held_to_come(tx: &dyn Tx, origin: &Origin<'_>, now: Timestamp) -> TxResult<Vec<KnownMeeting>> {
    let sql = format!(
        "{KNOWN} from meetings m cross join calendar_meetings h {OWNERS} \
         where h.meeting_id = m.id and h.calendar_id = ?1 and m.person = ?2 and m.starts_at > ?3"
    );
    let params = params![origin.calendar, origin.person, now];
    Ok(tx.readable("a meeting", &sql, params, |r| known_from_row(r, origin.calendar))?)
}

/// Adds the meetings that are seen, whenever they start and whoever owns them. Answers what is seen, without the meetings
/// that cannot be read: those are left alone.
fn add_seen<'s>(
    tx: &dyn Tx,
    origin: &Origin<'_>,
    seen: &'s SeenAgenda,
    known: &mut Vec<KnownMeeting>,
) -> TxResult<Cow<'s, SeenAgenda>> {
    let mut seen = Cow::Borrowed(seen);
    let mut unreadable = HashSet::new();
    let mut read: HashSet<MeetingId> = known.iter().map(|k| k.id).collect();
    let sql = format!(
        "{KNOWN} from meetings m left join calendar_meetings h on h.meeting_id = m.id and h.calendar_id = ?1 \
         {OWNERS} where m.person = ?2 and m.uid = ?3 and m.recurrence = ?4"
    );
    for copy in seen.meetings.iter().chain(seen.skipped.iter().map(|(copy, _)| copy)) {
        let params = params![origin.calendar, origin.person, copy.uid, copy.recurrence];
        match tx.optional(&sql, params, |r| if_readable(known_from_row(r, origin.calendar), "a meeting"))? {
            Some(None) => drop(unreadable.insert((copy.uid.clone(), copy.recurrence.clone()))),
            found => known.extend(found.flatten().filter(|meeting| read.insert(meeting.id))),
        }
    }
    if !unreadable.is_empty() {
        let readable = |copy: &SeenMeeting| !unreadable.contains(&(copy.uid.clone(), copy.recurrence.clone()));
        let seen = seen.to_mut();
        seen.meetings.retain(readable);
        seen.skipped.retain(|(copy, _)| readable(copy));
        seen.doubtful.extend(unreadable.iter().map(|(uid, _)| uid.clone()));
    }
    Ok(seen)
}

// --- what changes ---

fn apply_all(tx: &dyn Tx, origin: &Origin<'_>, changes: Vec<Change>, now: Timestamp) -> TxResult<Vec<MeetingChange>> {
    let mut news = Vec::new();
    for change in changes {
        news.extend(apply(tx, origin, change, now)?);
    }
    Ok(news)
}

fn apply(tx: &dyn Tx, origin: &Origin<'_>, change: Change, now: Timestamp) -> TxResult<Option<MeetingChange>> {
    let (how, changed) = match change {
        Change::Add(copy) => (MeetingNews::Added, add(tx, origin, &copy, now)?),
        Change::Update(id, to) => (MeetingNews::Updated, update(tx, id, &to, now)?),
        Change::Move(id, to) => (MeetingNews::Moved, shift(tx, id, &to, now)?),
        Change::Cancel(id, reason) => (MeetingNews::Cancelled(reason), call_off(tx, id, reason, now)?),
        Change::Revive(id, to) => (MeetingNews::Revived, revive(tx, id, &to, now)?),
        Change::Rekey(id, recurrence) => {
            let sql = "update meetings set recurrence = ?2, updated_at = ?3 where id = ?1";
            tx.run(sql, params![id, recurrence, now])?;
            return Ok(None);
        }
        Change::Hold(..) | Change::Missing(_) | Change::Release(_) | Change::Own(_) => {
            // A file holds nothing.
            if let Some(calendar) = origin.calendar {
                note(tx, calendar, &change, now)?;
            }
            return Ok(None);
        }
    };
    Ok(Some(MeetingChange { how, meeting: changed.meeting, ended: changed.ended }))
}

/// Notes what is known about the calendar's copy of a meeting.
fn note(tx: &dyn Tx, calendar: CalendarId, change: &Change, now: Timestamp) -> TxResult<()> {
    match change {
        Change::Hold(id, sequence) => hold(tx, calendar, *id, *sequence),
        Change::Own(id) => own(tx, calendar, *id),
        Change::Missing(id) => {
            let sql = "update calendar_meetings set missing_since = ?3 where calendar_id = ?1 and meeting_id = ?2";
            tx.run(sql, params![calendar, id, now])?;
            Ok(())
        }
        Change::Release(id) => {
            let sql = "delete from calendar_meetings where calendar_id = ?1 and meeting_id = ?2";
            tx.run(sql, params![calendar, id])?;
            if owner(tx, *id)? == Some(calendar) {
                hand_over(tx, *id, now)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn hold(tx: &dyn Tx, calendar: CalendarId, id: MeetingId, sequence: i64) -> TxResult<()> {
    tx.run(
        "insert into calendar_meetings(calendar_id, meeting_id, sequence) values (?1, ?2, ?3) \
         on conflict(calendar_id, meeting_id) do update set sequence = ?3, missing_since = null",
        params![calendar, id, sequence],
    )?;
    Ok(())
}

fn owner(tx: &dyn Tx, id: MeetingId) -> TxResult<Option<CalendarId>> {
    Ok(tx.value("select calendar_id from meetings where id = ?1", params![id])?)
}

fn own(tx: &dyn Tx, calendar: CalendarId, id: MeetingId) -> TxResult<()> {
    // If the former owner called it off, that copy goes: calendars that do not own a meeting keep only copies that
    // ring.
    tx.run(
        "delete from calendar_meetings where meeting_id = ?1 and (calendar_id, 'calendar') = \
           (select calendar_id, cancelled_by from meetings where id = ?1)",
        params![id],
    )?;
    tx.run("update meetings set calendar_id = ?2 where id = ?1", params![id, calendar])?;
    Ok(())
}

/// Makes the calendar that has the newest copy the owner, and lets it be expanded again, since its copy may differ.
/// `false`: no calendar has a copy, so none owns it.
pub(super) fn hand_over(tx: &dyn Tx, id: MeetingId, now: Timestamp) -> TxResult<bool> {
    let next: Option<CalendarId> = tx.optional(
        "select calendar_id from calendar_meetings where meeting_id = ?1 and missing_since is null \
             order by sequence desc, calendar_id limit 1",
        params![id],
        |r| r.get(0),
    )?;
    tx.run("update meetings set calendar_id = ?2 where id = ?1", params![id, next])?;
    look_again(tx, id, now)?;
    Ok(next.is_some())
}

/// Lets the calendar that owns a meeting be expanded again, with the next tick.
pub(super) fn look_again(tx: &dyn Tx, id: MeetingId, now: Timestamp) -> TxResult<()> {
    let sql = format!(
        "update calendars set expanded_at = null, next_look_at = {}(next_look_at, ?2) \
         where id = (select calendar_id from meetings where id = ?1)",
        tx.dialect().least
    );
    tx.run(&sql, params![id, now])?;
    Ok(())
}

fn add(tx: &dyn Tx, origin: &Origin<'_>, copy: &SeenMeeting, now: Timestamp) -> TxResult<Changed> {
    let id: MeetingId = tx.value(
        "insert into meetings(person, uid, recurrence, title, starts_at, ends_at, link, dial_in, source, calendar_id, \
         state, generation, watched, created_at, updated_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'SCHEDULED', 1, 0, ?11, ?11) returning id",
        params![
            origin.person,
            copy.uid,
            copy.recurrence,
            copy.title,
            copy.starts_at,
            copy.ends_at,
            copy.link,
            copy.dial_in,
            origin.name,
            origin.calendar,
            now
        ],
    )?;
    if let Some(calendar) = origin.calendar {
        hold(tx, calendar, id, copy.sequence)?;
    }
    Ok(Changed { meeting: meetings::existing(tx, id)?, ended: None })
}

/// Changes the words and the end of a meeting.
fn update(tx: &dyn Tx, id: MeetingId, to: &SeenMeeting, now: Timestamp) -> TxResult<Changed> {
    tx.run(
        "update meetings set title = ?2, link = ?3, dial_in = ?4, ends_at = ?5, updated_at = ?6 where id = ?1",
        params![id, to.title, to.link, to.dial_in, to.ends_at, now],
    )?;
    Ok(Changed { meeting: meetings::existing(tx, id)?, ended: None })
}

fn shift(tx: &dyn Tx, id: MeetingId, to: &SeenMeeting, now: Timestamp) -> TxResult<Changed> {
    let moved = meetings::shift(tx, &meetings::existing(tx, id)?, to.starts_at, to.ends_at, now)?;
    Ok(Changed { ended: moved.ended, ..update(tx, id, to, now)? })
}

/// Calls a meeting off on behalf of a calendar, or because the calendar is gone.
pub(super) fn call_off(tx: &dyn Tx, id: MeetingId, reason: Reason, now: Timestamp) -> TxResult<Changed> {
    meetings::call_off(tx, &meetings::existing(tx, id)?, CancelledBy::Calendar, reason, now)
}

fn revive(tx: &dyn Tx, id: MeetingId, to: &SeenMeeting, now: Timestamp) -> TxResult<Changed> {
    let meeting = meetings::existing(tx, id)?;
    tx.run("update meetings set state = ?2, cancelled_by = null where id = ?1", params![id, MeetingState::Scheduled])?;
    if to.starts_at != meeting.starts_at {
        return shift(tx, id, to, now);
    }
    // Nobody is called again for a start they have checked in for.
    if !matches!(incidents::state(tx, &meeting)?, Some(IncidentState::Resolved | IncidentState::Missed)) {
        meetings::plan_again(tx, id, now)?;
    }
    update(tx, id, to, now)
}
