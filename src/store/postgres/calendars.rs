//! Calendars: held against the config, leased to be looked at, and what came of a look.

use super::tx::{Optional, Row, Sql, Tx, params};
use super::{Inner, agenda, meetings, readable, ticks};
use crate::model::{CalendarId, MeetingId, Reason, Timestamp, Validators, cut, printable};
use crate::store::{
    AgendaRecorded, AgendaRule, CalendarDraft, CalendarView, CalendarsSynced, DueCalendar, Expanded, LookAt, LookDone,
    LookOutcome, MeetingChange, MeetingNews, calendar_fault,
};
use std::collections::HashSet;
use std::time::Duration;

/// Longest text about a failure or a notice that is kept, in characters.
const LONGEST_TEXT: usize = 300;

// --- the calendars of the config ---

pub(super) fn is_synced(tx: &Tx<'_>, fingerprint: &str) -> Inner<bool> {
    let known = tx.sql("select exists(select 1 from calendar_list where fingerprint = $1)");
    Ok({ known }.query_row([fingerprint], |r| r.get(0))?)
}

pub(super) fn sync(tx: &Tx<'_>, wanted: &[CalendarDraft], fingerprint: &str, now: Timestamp) -> Inner<CalendarsSynced> {
    let mut synced = CalendarsSynced::default();
    for draft in wanted {
        if let Some(id) = insert_or_rename(tx, draft, now)? {
            synced.added.push(id);
        }
    }
    let keys: HashSet<&str> = wanted.iter().map(|draft| draft.key.as_str()).collect();
    let mut gone: Vec<(CalendarId, String)> = Vec::new();
    for (id, name, key) in all(tx)? {
        if !keys.contains(key.as_str()) {
            gone.push((id, name));
        }
    }
    // First of all of them: a meeting must not be handed to a calendar that goes too.
    for (id, _) in &gone {
        tx.execute("delete from calendar_meetings where calendar_id = $1", [id])?;
    }
    for (id, name) in gone {
        synced.changed.extend(remove(tx, id, now)?);
        synced.removed.push(name);
        let fault = calendar_fault(id);
        if ticks::fault_gone(tx, &fault)? {
            synced.over.push(fault);
        }
    }
    tx.execute(
        "insert into calendar_list(id, fingerprint) values (1, $1) on conflict(id) do update set fingerprint = $1",
        [fingerprint],
    )?;
    Ok(synced)
}

fn all(tx: &Tx<'_>) -> Inner<Vec<(CalendarId, String, String)>> {
    let statement = tx.sql("select id, name, key from calendars order by id");
    let rows = statement.query_map(params![], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    Ok(rows.collect::<Sql<_>>()?)
}

/// The id of a new one.
fn insert_or_rename(tx: &Tx<'_>, draft: &CalendarDraft, now: Timestamp) -> Inner<Option<CalendarId>> {
    let CalendarDraft { key, person, name, kind } = draft;
    let known = tx.execute("update calendars set name = $2 where key = $1", params![key, name])? == 1;
    if known {
        return Ok(None);
    }
    let id = tx.query_row(
        "insert into calendars(key, person, name, kind, next_look_at) values ($1, $2, $3, $4, $5) returning id",
        params![key, person, name, kind, now],
        |r| r.get(0),
    )?;
    Ok(Some(id))
}

/// Its future meetings go to the next calendar that holds them, or are called off; history stays, as if added by hand.
fn remove(tx: &Tx<'_>, id: CalendarId, now: Timestamp) -> Inner<Vec<MeetingChange>> {
    let owned: Vec<MeetingId> = tx
        .sql("select id from meetings where calendar_id = $1 and starts_at > $2 order by starts_at, id")
        .query_map(params![id, now], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let mut changed = Vec::new();
    for meeting in owned {
        let handed = agenda::hand_over(tx, meeting, now)?;
        if !handed && meetings::is_scheduled(tx, meeting)? {
            let off = agenda::call_off(tx, meeting, Reason::CalendarRemoved, now)?;
            let how = MeetingNews::Cancelled(Reason::CalendarRemoved);
            changed.push(MeetingChange { how, meeting: off.meeting, ended: off.ended });
        }
    }
    // The name stays with them.
    tx.execute(
        "update meetings set calendar_id = null, source = (select name from calendars where id = $1) where calendar_id = $1",
        [id],
    )?;
    tx.execute("delete from calendar_bodies where calendar_id = $1", [id])?;
    tx.execute("delete from calendars where id = $1", [id])?;
    Ok(changed)
}

// --- looking ---

/// Web calendars whose time has come and that nobody has leased. A time that cannot be (the clock was turned back) keeps
/// no calendar waiting: no lease is longer than `$2 - $1`, and no look was recorded after that.
const DUE: &str = "kind = 'web' and (next_look_at <= $1 or checked_at > $2) \
                   and (lease_until is null or lease_until <= $1 or lease_until > $2)";

pub(super) fn anything_due(tx: &Tx<'_>, now: Timestamp, lease: Duration) -> Inner<bool> {
    let sql = format!("select exists(select 1 from calendars where {DUE})");
    Ok(tx.sql(&sql).query_row(params![now, now.plus(lease)], |r| r.get(0))?)
}

pub(super) fn behind(tx: &Tx<'_>, then: Timestamp) -> Inner<u64> {
    let sql = "select count(*) from calendars where kind = 'web' and next_look_at < $1";
    let count: i64 = tx.sql(sql).query_row([then], |r| r.get(0))?;
    Ok(count.unsigned_abs())
}

pub(super) fn lease(tx: &Tx<'_>, asked: &LookAt) -> Inner<Vec<DueCalendar>> {
    let LookAt { now, lease, starts_after, .. } = *asked;
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let due: Vec<CalendarId> = tx
        .sql(&format!("select id from calendars where {DUE} order by next_look_at, id limit $3 for update skip locked"))
        .query_map(params![now, now.plus(lease), limit], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let mut leased = Vec::new();
    for id in due {
        tx.sql("update calendars set lease_until = $2, looks = looks + 1 where id = $1")
            .execute(params![id, now.plus(lease)])?;
        leased.extend(read_due(tx, "c.id = $1", Some(id), starts_after)?);
    }
    Ok(leased)
}

pub(super) fn files(tx: &Tx<'_>, starts_after: Timestamp) -> Inner<Vec<DueCalendar>> {
    read_due(tx, FILES, None, starts_after)
}

/// For [`read_due`], which has a parameter more than this needs.
const FILES: &str = "c.kind = 'file' and $1 is null";

fn read_due(tx: &Tx<'_>, filter: &str, id: Option<CalendarId>, starts_after: Timestamp) -> Inner<Vec<DueCalendar>> {
    let rows = tx.sql(&due_sql(filter)).query_map(params![id, starts_after], due_from_row)?;
    readable(rows, "a calendar")
}

fn due_sql(filter: &str) -> String {
    format!(
        "select c.id, c.key, c.person, c.kind, c.etag, c.last_modified, c.stamp, c.hash, c.looks, c.checked_at, \
                c.good_at, c.full_at, c.expanded_at, c.expanded_with, c.failures, c.failure, c.has_missing, \
                exists(select 1 from calendar_bodies where calendar_id = c.id), \
                (select min(m.starts_at) from meetings m \
                   where m.calendar_id = c.id and m.starts_at > $2 and m.state = 'SCHEDULED') \
         from calendars c where {filter} order by c.id"
    )
}

fn due_from_row(row: &Row) -> Sql<DueCalendar> {
    Ok(DueCalendar {
        id: row.get(0)?,
        key: row.get(1)?,
        person: row.get(2)?,
        kind: row.get(3)?,
        validators: Validators { etag: row.get(4)?, last_modified: row.get(5)?, stamp: row.get(6)?, hash: row.get(7)? },
        looks: row.get(8)?,
        checked_at: row.get(9)?,
        good_at: row.get(10)?,
        full_at: row.get(11)?,
        expanded_at: row.get(12)?,
        expanded_with: row.get(13)?,
        failures: row.get(14)?,
        failure: row.get(15)?,
        has_missing: row.get(16)?,
        has_body: row.get(17)?,
        next_start: row.get(18)?,
    })
}

// --- bodies ---

pub(super) fn body(tx: &Tx<'_>, id: CalendarId) -> Inner<Option<Vec<u8>>> {
    let statement = tx.sql("select body from calendar_bodies where calendar_id = $1");
    Ok(statement.query_row([id], |r| r.get(0)).optional()?)
}

// --- what came of a look ---

pub(super) fn record(
    tx: &Tx<'_>,
    id: CalendarId,
    look: &LookDone,
    packed: &[u8],
    now: Timestamp,
    rule: AgendaRule<'_>,
) -> Inner<AgendaRecorded> {
    if !count(tx, id, look, now)? {
        return Ok(AgendaRecorded::default());
    }
    match &look.outcome {
        LookOutcome::Failed { why } => failed(tx, id, why, now)?,
        LookOutcome::Unchanged(validators) => good(tx, id, validators, look.full, now)?,
        LookOutcome::New { validators, .. } => {
            good(tx, id, validators, look.full, now)?;
            tx.sql(
                "insert into calendar_bodies(calendar_id, body) values ($1, $2) \
                 on conflict(calendar_id) do update set body = $2",
            )
            .execute(params![id, packed])?;
        }
    }
    let Some(expanded) = &look.expanded else { return Ok(AgendaRecorded { counted: true, changed: Vec::new() }) };
    let changed = expand(tx, id, expanded, now, rule)?;
    tx.sql("update calendars set next_look_at = least(next_look_at, $2) where id = $1 and has_missing = 1")
        .execute(params![id, look.second_look_at])?;
    Ok(AgendaRecorded { counted: true, changed })
}

/// The compare-and-set. Ends the lease.
fn count(tx: &Tx<'_>, id: CalendarId, look: &LookDone, now: Timestamp) -> Inner<bool> {
    let counted = tx
        .sql(
            "update calendars set looks = looks + 1, lease_until = null, checked_at = $3, next_look_at = $4 \
             where id = $1 and looks = $2",
        )
        .execute(params![id, look.looks, now, look.next_look_at])?;
    Ok(counted == 1)
}

fn failed(tx: &Tx<'_>, id: CalendarId, why: &str, now: Timestamp) -> Inner<()> {
    tx.sql(
        "update calendars set failures = failures + 1, failing_since = coalesce(failing_since, $2), failure = $3 \
         where id = $1",
    )
    .execute(params![id, now, cut(&printable(why), LONGEST_TEXT)])?;
    Ok(())
}

fn good(tx: &Tx<'_>, id: CalendarId, validators: &Validators, full: bool, now: Timestamp) -> Inner<()> {
    let Validators { etag, last_modified, stamp, hash } = validators;
    tx.sql(
        "update calendars set etag = $2, last_modified = $3, stamp = $4, hash = $5, good_at = $6, \
           full_at = case when $7 then $6 else full_at end, failures = 0, failing_since = null, failure = null \
         where id = $1",
    )
    .execute(params![id, etag, last_modified, stamp, hash, now, full])?;
    Ok(())
}

fn expand(
    tx: &Tx<'_>,
    id: CalendarId,
    expanded: &Expanded,
    now: Timestamp,
    rule: AgendaRule<'_>,
) -> Inner<Vec<MeetingChange>> {
    let changed = agenda::of_calendar(tx, id, &expanded.seen, now, rule)?;
    // What was missing when it was called off, or has started meanwhile, is no longer waited for.
    tx.sql(
        "update calendars set expanded_at = $2, expanded_with = $3, events = $4, notices = $5, notice = $6, \
           has_missing = (select count(*) from (select 1 from calendar_meetings h \
             join meetings m on m.id = h.meeting_id where h.calendar_id = $1 and h.missing_since is not null and m.state = 'SCHEDULED' and m.starts_at > $2 limit 1) missing) \
         where id = $1",
    )
    .execute(params![
        id,
        now,
        expanded.with,
        expanded.events,
        expanded.notices,
        expanded.notice.as_deref().map(|notice| cut(&printable(notice), LONGEST_TEXT))
    ])?;
    Ok(changed)
}

// --- showing ---

pub(super) fn views(tx: &Tx<'_>) -> Inner<Vec<CalendarView>> {
    let statement = tx.sql(
        "select id, person, name, kind, good_at, checked_at, failing_since, failure, next_look_at, events, notices, \
                notice from calendars order by person collate \"C\", name collate \"C\", id",
    );
    let rows = statement.query_map(params![], |r| {
        Ok(CalendarView {
            id: r.get(0)?,
            person: r.get(1)?,
            name: r.get(2)?,
            kind: r.get(3)?,
            good_at: r.get(4)?,
            checked_at: r.get(5)?,
            failing_since: r.get(6)?,
            failure: r.get(7)?,
            next_look_at: r.get(8)?,
            events: r.get(9)?,
            notices: r.get(10)?,
            notice: r.get(11)?,
        })
    })?;
    Ok(rows.collect::<Sql<_>>()?)
}
