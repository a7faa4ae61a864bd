//! Meetings: added, moved, cancelled, listed.

use super::acts::{self, Act};
use super::incidents::{self, End};
use super::tx::{Row, Sql, Tx, TxResult};
use super::value::{ids, params};
use crate::model::{
    ActHow, ActKind, CancelledBy, HangUp, IncidentId, IncidentState, Marks, MeetingId, MeetingState, Reason,
    SAME_PROMISE, Timestamp, printable,
};
use crate::store::{Changed, Meeting, NewMeeting, StoreError};
use std::time::Duration;

/// Meetings are assumed to be no longer than this; a longer one is found by its start only.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

pub(super) const COLUMNS: &str = "m.id, m.person, m.uid, m.recurrence, m.title, m.starts_at, m.ends_at, m.link, \
                                  m.dial_in, m.important, m.early_ms, coalesce((select name from calendars where id = m.calendar_id), m.source), \
                                  m.state, m.generation, (select reason from incidents \
                                    where meeting_id = m.id and generation = m.generation)";

/// The number of [`COLUMNS`].
pub(super) const WIDTH: usize = 15;

pub(super) fn from_row(row: &dyn Row) -> Sql<Meeting> {
    Ok(Meeting {
        id: row.get(0)?,
        person: row.get(1)?,
        uid: row.get(2)?,
        recurrence: row.get(3)?,
        title: row.get(4)?,
        starts_at: row.get(5)?,
        ends_at: row.get(6)?,
        link: row.get(7)?,
        dial_in: row.get(8)?,
        marks: marks(row, 9)?,
        source: row.get(11)?,
        state: row.get(12)?,
        generation: row.get(13)?,
        ended: row.get(14)?,
    })
}

/// The marks in this column and the next one.
pub(super) fn marks(row: &dyn Row, at: usize) -> Sql<Marks> {
    let (important, early_ms): (i64, Option<i64>) = (row.get(at)?, row.get(at + 1)?);
    Ok(Marks { important: important != 0, early: early_ms.map(|ms| Duration::from_millis(ms.unsigned_abs())) })
}

/// The same for writing.
pub(super) fn mark_columns(marks: Marks) -> (i64, Option<i64>) {
    let ms = |early: Duration| i64::try_from(early.as_millis()).unwrap_or(i64::MAX);
    (i64::from(marks.important), marks.early.map(ms))
}

pub(super) fn add(tx: &dyn Tx, new: &NewMeeting, now: Timestamp) -> TxResult<Meeting> {
    let known: Option<MeetingId> = tx.optional(
        "select id from meetings where person = ?1 and uid = ?2 and recurrence = ?3",
        params![new.person, new.uid, new.recurrence],
        |r| r.get(0),
    )?;
    if let Some(id) = known {
        return Err(StoreError::Conflict(format!("{} already has this meeting: {id}", new.person)).into());
    }
    let id = tx.value(
        "insert into meetings(person, uid, recurrence, title, starts_at, ends_at, link, source, state, generation, \
         watched, created_at, updated_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, 0, ?10, ?10) \
         returning id",
        params![
            new.person,
            new.uid,
            new.recurrence,
            new.title,
            new.starts_at,
            new.ends_at,
            new.link,
            new.source,
            MeetingState::Scheduled,
            now
        ],
    )?;
    existing(tx, id)
}

pub(super) fn reschedule(
    tx: &dyn Tx,
    id: MeetingId,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> TxResult<Changed> {
    let meeting = by_hand(tx, id)?;
    // Without a new end, the meeting keeps its length.
    let shifted =
        meeting.ends_at.map(|end| Timestamp::from_ms(end.ms().saturating_add(starts_at.since(meeting.starts_at))));
    let changed = shift(tx, &meeting, starts_at, ends_at.or(shifted), now)?;
    if (meeting.starts_at, meeting.ends_at) != (changed.meeting.starts_at, changed.meeting.ends_at) {
        let ended = changed.ended.as_ref().map(|ended| ended.incident);
        Act::new(ActKind::Moved, ActHow::Command, now).note(tx, &meeting, ended, Some(starts_at))?;
    }
    Ok(changed)
}

/// A planned meeting that no calendar owns.
pub(super) fn by_hand(tx: &dyn Tx, id: MeetingId) -> TxResult<Meeting> {
    let meeting = scheduled(tx, id)?;
    let calendar: Option<String> = tx.optional(
        "select c.name from meetings m join calendars c on c.id = m.calendar_id where m.id = ?1",
        params![id],
        |r| r.get(0),
    )?;
    if let Some(name) = calendar {
        let name = printable(&name);
        return Err(StoreError::Conflict(format!("{id} comes from the calendar {name}: move it there")).into());
    }
    Ok(meeting)
}

/// Moves a meeting, by hand or for a calendar. Another start ends its incident and begins the next generation, unless the
/// person has checked in for this start already: nobody is called again for that.
pub(super) fn shift(
    tx: &dyn Tx,
    meeting: &Meeting,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> TxResult<Changed> {
    let id = meeting.id;
    let mut ended = None;
    if meeting.starts_at != starts_at {
        ended = end_current(tx, meeting, Reason::MeetingMoved, now)?;
        next_generation(tx, id)?;
    }
    tx.run(
        "update meetings set starts_at = ?2, ends_at = ?3, updated_at = ?4 where id = ?1",
        params![id, starts_at, ends_at, now],
    )?;
    if meeting.starts_at != starts_at {
        back_to_check_in(tx, id)?;
    }
    Ok(Changed { meeting: existing(tx, id)?, ended })
}

/// Begins a generation that no incident watches yet. The meeting may have gone back to an earlier one before.
pub(super) fn next_generation(tx: &dyn Tx, id: MeetingId) -> TxResult<()> {
    let sql = format!(
        "update meetings set watched = 0, generation = 1 + {}(generation, \
           (select coalesce(max(generation), 0) from incidents where meeting_id = ?1)) where id = ?1",
        tx.dialect().greatest
    );
    tx.run(&sql, params![id])?;
    Ok(())
}

/// Lets a meeting be watched that was not any more: the incident that ended since its person had left the config is open
/// again, as it was; otherwise a new generation begins.
pub(super) fn plan_again(tx: &dyn Tx, id: MeetingId, now: Timestamp) -> TxResult<Option<IncidentId>> {
    let ended: Option<IncidentId> = tx.optional(
        "select i.id from incidents i join meetings m on m.id = i.meeting_id and m.generation = i.generation \
         where m.id = ?1 and i.state = 'CANCELLED' and i.reason = ?2 \
           and exists(select 1 from steps where incident_id = i.id)",
        params![id, Reason::PersonRemoved],
        |r| r.get(0),
    )?;
    match ended {
        Some(incident) => incidents::reopen(tx, incident, now)?,
        None => next_generation(tx, id)?,
    }
    Ok(ended)
}

/// Back to the generation in which somebody checked in for the start it has now, or for one so near to it that it is the
/// same promise. The start that was promised counts, not the one before the last move. Other endings count for their own
/// start alone.
fn back_to_check_in(tx: &dyn Tx, id: MeetingId) -> TxResult<()> {
    let near_ms = i64::try_from(SAME_PROMISE.as_millis()).unwrap_or(i64::MAX);
    tx.run(
        "update meetings set generation = i.generation, watched = 1 \
         from (select max(x.generation) as generation from incidents x join meetings m on m.id = x.meeting_id \
                 where m.id = ?1 and x.state in ('RESOLVED','MISSED') \
                   and (x.starts_at = m.starts_at \
                     or (x.reason in (?2, ?3, ?4) and abs(x.starts_at - m.starts_at) < ?5))) i \
         where meetings.id = ?1 and i.generation is not null",
        params![id, Reason::Joined, Reason::SaidMissed, Reason::Presence, near_ms],
    )?;
    Ok(())
}

pub(super) fn cancel(tx: &dyn Tx, id: MeetingId, now: Timestamp) -> TxResult<Changed> {
    let meeting = scheduled(tx, id)?;
    let changed = call_off(tx, &meeting, CancelledBy::Person, Reason::MeetingCancelled, now)?;
    let ended = changed.ended.as_ref().map(|ended| ended.incident);
    Act::new(ActKind::CalledOff, ActHow::Command, now).note(tx, &meeting, ended, None)?;
    Ok(changed)
}

pub(super) fn call_off(
    tx: &dyn Tx,
    meeting: &Meeting,
    by: CancelledBy,
    reason: Reason,
    now: Timestamp,
) -> TxResult<Changed> {
    let ended = end_current(tx, meeting, reason, now)?;
    tx.run(
        "update meetings set state = ?2, cancelled_by = ?3, updated_at = ?4 where id = ?1",
        params![meeting.id, MeetingState::Cancelled, by, now],
    )?;
    Ok(Changed { meeting: existing(tx, meeting.id)?, ended })
}

/// Ends the incident of the meeting's present generation, if it is still open.
fn end_current(
    tx: &dyn Tx,
    meeting: &Meeting,
    reason: Reason,
    now: Timestamp,
) -> TxResult<Option<crate::store::Ended>> {
    let Some(incident) = incidents::of_generation(tx, meeting)? else { return Ok(None) };
    let end = End { state: IncidentState::Cancelled, reason, note: None, how: HangUp::Completed };
    let ended = incidents::end(tx, incident, &end, now)?;
    Ok(ended.changed.then_some(ended))
}

pub(super) fn get(tx: &dyn Tx, id: MeetingId) -> TxResult<Option<Meeting>> {
    let sql = format!("select {COLUMNS} from meetings m where m.id = ?1");
    Ok(tx.optional(&sql, params![id], from_row)?)
}

pub(super) fn existing(tx: &dyn Tx, id: MeetingId) -> TxResult<Meeting> {
    get(tx, id)?.ok_or_else(|| StoreError::NotFound(format!("there is no meeting {id}")).into())
}

pub(super) fn scheduled(tx: &dyn Tx, id: MeetingId) -> TxResult<Meeting> {
    let meeting = existing(tx, id)?;
    if meeting.state == MeetingState::Cancelled {
        return Err(StoreError::Conflict(format!("meeting {id} was cancelled")).into());
    }
    Ok(meeting)
}

/// Deletes meetings that no incident watches.
pub(super) fn delete(tx: &dyn Tx, meetings: &[MeetingId]) -> TxResult<()> {
    let ids = ids(meetings);
    acts::forget(tx, "meeting_id", &ids)?;
    tx.run_for("delete from calendar_meetings where meeting_id in {ids}", &ids)?;
    tx.run_for("delete from meetings where id in {ids}", &ids)?;
    Ok(())
}

pub(super) fn between(tx: &dyn Tx, since: Timestamp, until: Timestamp) -> TxResult<Vec<Meeting>> {
    let sql = format!(
        "select {COLUMNS} from meetings m where m.starts_at < ?2 and m.starts_at >= ?3 \
           and (m.starts_at >= ?1 or m.ends_at > ?1) order by m.starts_at, m.id"
    );
    // A bound for the index: history must not be read through.
    let earliest = since.minus(LONGEST);
    Ok(tx.readable("a meeting", &sql, params![since, until, earliest], from_row)?)
}
