//! What a look at a calendar changes in the meetings: reads the facts for the rule, and writes its answer down.

use super::tx::{Row, Sql, SqlError, Tx, TxResult, if_readable};
use super::value::{params, set};
use super::{incidents, meetings};
use crate::model::{
    CalendarId, CancelledBy, Change, Held, IncidentState, KnownMeeting, MeetingId, MeetingState, Owns, Reason,
    SeenAgenda, SeenMeeting, Timestamp,
};
use crate::store::{AgendaRecorded, AgendaRule, Changed, Meeting, MeetingChange, MeetingNews};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Where meetings come from: a calendar, or a file that was imported.
pub(super) struct Origin<'a> {
    pub(super) calendar: Option<CalendarId>,
    pub(super) person: &'a str,
    /// Name of the calendar or file.
    pub(super) name: &'a str,
}

/// What was seen, and the rule that says what changes.
pub(super) struct Agenda<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) seen: &'a SeenAgenda,
    pub(super) now: Timestamp,
    pub(super) rule: AgendaRule<'a>,
}

/// Changes the meetings of calendars, each of another person.
pub(super) fn of_calendars(tx: &dyn Tx, agendas: &[Agenda<'_>]) -> TxResult<Vec<Vec<MeetingChange>>> {
    let mut known = held_to_come(tx, agendas)?;
    let seen = add_seen(tx, agendas, &mut known)?;
    let changes = agendas.iter().zip(&known).zip(&seen).map(|((agenda, known), seen)| (agenda.rule)(known, seen));
    apply_all(tx, agendas, changes.collect())
}

pub(super) fn import(
    tx: &dyn Tx,
    person: &str,
    name: &str,
    seen: &SeenAgenda,
    now: Timestamp,
    rule: AgendaRule<'_>,
) -> TxResult<AgendaRecorded> {
    // A file is never looked at again, so no calendar gives its meetings up for one.
    let rule = |known: &[KnownMeeting], seen: &SeenAgenda| {
        let mut known = known.to_vec();
        for meeting in &mut known {
            meeting.owner = if meeting.owner == Owns::Nobody { Owns::This } else { Owns::Another(i64::MAX) };
        }
        rule(&known, seen)
    };
    let file = [Agenda { origin: Origin { calendar: None, person, name }, seen, now, rule: &rule }];
    let mut known = vec![Vec::new()];
    let seen = add_seen(tx, &file, &mut known)?;
    let changes = vec![rule(&known[0], &seen[0])];
    Ok(AgendaRecorded { counted: true, changed: apply_all(tx, &file, changes)?.pop().unwrap_or_default() })
}

// --- what is known ---

/// `?1` is the calendar that looks; null for a file.
const KNOWN: &str = "select {place}, m.id, m.uid, m.recurrence, m.starts_at, m.ends_at, m.title, m.link, m.dial_in, \
                            m.important, m.early_ms, m.cancelled_by, m.calendar_id, o.sequence, h.sequence, h.missing_since, \
                            exists(select 1 from calendar_meetings x where x.meeting_id = m.id \
                              and x.calendar_id <> ?1 and x.missing_since is null), m.state, m.generation, ?1";

/// The owner's copy.
const OWNERS: &str = "left join calendar_meetings o on o.meeting_id = m.id and o.calendar_id = m.calendar_id";

fn known_from_row(row: &dyn Row) -> Sql<KnownMeeting> {
    let (owner, looks): (Option<CalendarId>, Option<CalendarId>) = (row.get(12)?, row.get(19)?);
    let sequence: Option<i64> = row.get(13)?;
    let held: Option<i64> = row.get(14)?;
    // What may be changed must be readable as a whole.
    let _: (MeetingState, u32) = (row.get(17)?, row.get(18)?);
    let missing_since = row.get(15)?;
    Ok(KnownMeeting {
        id: row.get(1)?,
        uid: row.get(2)?,
        recurrence: row.get(3)?,
        starts_at: row.get(4)?,
        ends_at: row.get(5)?,
        title: row.get(6)?,
        link: row.get(7)?,
        dial_in: row.get(8)?,
        marks: meetings::marks(row, 9)?,
        cancelled_by: row.get(11)?,
        owner: match owner {
            None => Owns::Nobody,
            _ if owner == looks => Owns::This,
            Some(_) => Owns::Another(sequence.unwrap_or(i64::MIN)),
        },
        held: held.map(|sequence| Held { sequence, missing_since }),
        elsewhere: row.get(16)?,
    })
}

/// Meetings of each calendar that have not started. The cross joins make SQLite begin with the person's future meetings
/// instead of the calendar's history.
fn held_to_come(tx: &dyn Tx, agendas: &[Agenda<'_>]) -> TxResult<Vec<Vec<KnownMeeting>>> {
    let sql = format!(
        "{KNOWN} from {{each}} cross join meetings m cross join calendar_meetings h {OWNERS} \
         where h.meeting_id = m.id and h.calendar_id = ?1 and m.person = ?2 and m.starts_at > ?3"
    );
    let sets: Vec<_> = agendas.iter().map(|of| set![&of.origin.calendar, &of.origin.person, &of.now]).collect();
    let held = tx.by_place(&sql, &sets, |r| if_readable(known_from_row(r), "a meeting"))?;
    Ok(held.into_iter().map(|held| held.into_iter().flatten().collect()).collect())
}

fn copies(seen: &SeenAgenda) -> impl Iterator<Item = &SeenMeeting> {
    seen.meetings.iter().chain(seen.skipped.iter().map(|(copy, _)| copy))
}

/// Adds the meetings that are seen, whenever they start and whoever owns them. Answers what is seen, without the meetings
/// that cannot be read: those are left alone.
fn add_seen<'s>(
    tx: &dyn Tx,
    agendas: &[Agenda<'s>],
    known: &mut [Vec<KnownMeeting>],
) -> TxResult<Vec<Cow<'s, SeenAgenda>>> {
    let sql = format!(
        "{KNOWN} from {{each}} cross join meetings m \
         left join calendar_meetings h on h.meeting_id = m.id and h.calendar_id = ?1 \
         {OWNERS} where m.person = ?2 and m.uid = ?3 and m.recurrence = ?4"
    );
    let all = || agendas.iter().enumerate().flat_map(|(of, agenda)| copies(agenda.seen).map(move |copy| (of, copy)));
    let sets: Vec<_> = all()
        .map(|(of, copy)| {
            let origin = &agendas[of].origin;
            set![&origin.calendar, &origin.person, &copy.uid, &copy.recurrence]
        })
        .collect();
    let found = tx.by_place(&sql, &sets, |r| if_readable(known_from_row(r), "a meeting"))?;
    let mut read: Vec<HashSet<MeetingId>> = known.iter().map(|of| of.iter().map(|k| k.id).collect()).collect();
    let mut unreadable: Vec<HashSet<(&str, &str)>> = agendas.iter().map(|_| HashSet::new()).collect();
    for ((of, copy), found) in all().zip(found) {
        for found in found {
            match found {
                Some(meeting) if read[of].insert(meeting.id) => known[of].push(meeting),
                Some(_) => {}
                None => drop(unreadable[of].insert((&copy.uid, &copy.recurrence))),
            }
        }
    }
    Ok(agendas.iter().zip(unreadable).map(|(agenda, unreadable)| without(agenda.seen, &unreadable)).collect())
}

/// What is seen, without these.
fn without<'s>(seen: &'s SeenAgenda, unreadable: &HashSet<(&str, &str)>) -> Cow<'s, SeenAgenda> {
    let mut rest = Cow::Borrowed(seen);
    if !unreadable.is_empty() {
        let readable = |copy: &SeenMeeting| !unreadable.contains(&(copy.uid.as_str(), copy.recurrence.as_str()));
        let rest = rest.to_mut();
        rest.meetings.retain(readable);
        rest.skipped.retain(|(copy, _)| readable(copy));
        rest.doubtful.extend(unreadable.iter().map(|(uid, _)| (*uid).to_owned()));
    }
    rest
}

// --- what changes ---

/// New meetings of calendars with no other change are written together; anything else in its order.
fn apply_all(tx: &dyn Tx, agendas: &[Agenda<'_>], changes: Vec<Vec<Change>>) -> TxResult<Vec<Vec<MeetingChange>>> {
    let mut news: Vec<Vec<MeetingChange>> = agendas.iter().map(|_| Vec::new()).collect();
    let mut new = Vec::new();
    for (of, changes) in changes.into_iter().enumerate() {
        let Agenda { origin, now, .. } = &agendas[of];
        if changes.iter().all(|change| matches!(change, Change::Add(_))) {
            let copy = |change| if let Change::Add(copy) = change { Some((of, copy)) } else { None };
            new.extend(changes.into_iter().filter_map(copy));
            continue;
        }
        for change in changes {
            news[of].extend(apply(tx, origin, change, *now)?);
        }
    }
    let added: Vec<_> = new.iter().map(|(of, copy)| (&agendas[*of].origin, copy, agendas[*of].now)).collect();
    for ((of, _), meeting) in new.iter().zip(add_all(tx, &added)?) {
        news[*of].push(MeetingChange { how: MeetingNews::Added, meeting, ended: None });
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
    let meeting = add_all(tx, &[(origin, copy, now)])?.pop().ok_or(SqlError::NoRow)?;
    Ok(Changed { meeting, ended: None })
}

fn add_all(tx: &dyn Tx, new: &[(&Origin<'_>, &SeenMeeting, Timestamp)]) -> TxResult<Vec<Meeting>> {
    let marks: Vec<_> = new.iter().map(|(_, copy, _)| meetings::mark_columns(copy.marks)).collect();
    let sets: Vec<_> = new
        .iter()
        .zip(&marks)
        .map(|((origin, copy, now), (important, early_ms))| {
            set![
                &origin.person,
                &copy.uid,
                &copy.recurrence,
                &copy.title,
                &copy.starts_at,
                &copy.ends_at,
                &copy.link,
                &copy.dial_in,
                &origin.name,
                &origin.calendar,
                now,
                important,
                early_ms
            ]
        })
        .collect();
    // The answer may come in another order.
    let mut written = Vec::new();
    tx.rows_of_each(
        "insert into meetings(person, uid, recurrence, title, starts_at, ends_at, link, dial_in, source, calendar_id, \
         state, generation, watched, created_at, updated_at, important, early_ms) \
         select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'SCHEDULED', 1, 0, ?11, ?11, ?12, ?13 from {each} \
         returning id, person, uid, recurrence",
        &sets,
        &mut |r| {
            written.push((r.get::<String>(1)?, r.get::<String>(2)?, r.get::<String>(3)?, r.get::<MeetingId>(0)?));
            Ok(())
        },
    )?;
    let by_key: HashMap<_, _> =
        written.iter().map(|(p, u, r, id)| ((p.as_str(), u.as_str(), r.as_str()), *id)).collect();
    let mut meetings = Vec::new();
    let mut held = Vec::new();
    for (origin, copy, _) in new {
        let key = (origin.person, copy.uid.as_str(), copy.recurrence.as_str());
        let id = *by_key.get(&key).ok_or(SqlError::NoRow)?;
        held.extend(origin.calendar.map(|calendar| (calendar, id, copy.sequence)));
        meetings.push(added(id, origin, copy));
    }
    let sets: Vec<_> = held.iter().map(|(calendar, id, sequence)| set![calendar, id, sequence]).collect();
    tx.run_each(
        "insert into calendar_meetings(calendar_id, meeting_id, sequence) select ?1, ?2, ?3 from {each}",
        &sets,
    )?;
    Ok(meetings)
}

fn added(id: MeetingId, origin: &Origin<'_>, copy: &SeenMeeting) -> Meeting {
    let SeenMeeting { uid, recurrence, starts_at, ends_at, title, link, dial_in, marks, .. } = copy.clone();
    let (person, source) = (origin.person.to_owned(), origin.name.to_owned());
    let (state, generation, ended) = (MeetingState::Scheduled, 1, None);
    Meeting {
        id,
        person,
        uid,
        recurrence,
        title,
        starts_at,
        ends_at,
        link,
        dial_in,
        marks,
        source,
        state,
        generation,
        ended,
    }
}

/// Changes the words, the marks and the end of a meeting. An open incident keeps its steps.
fn update(tx: &dyn Tx, id: MeetingId, to: &SeenMeeting, now: Timestamp) -> TxResult<Changed> {
    let (important, early_ms) = meetings::mark_columns(to.marks);
    tx.run(
        "update meetings set title = ?2, link = ?3, dial_in = ?4, ends_at = ?5, updated_at = ?6, \
           important = ?7, early_ms = ?8 where id = ?1",
        params![id, to.title, to.link, to.dial_in, to.ends_at, now, important, early_ms],
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
