//! Calendars: brought in line with the config, leased for a look, and changed by what came of it.

use super::agenda::{self, Agenda, Origin};
use super::tx::{Row, Sql, Tx, TxResult};
use super::value::{params, set};
use super::{meetings, ticks};
use crate::model::{CalendarId, CalendarKind, MeetingState, Reason, Timestamp, Validators, cut, printable};
use crate::store::{
    AgendaRecorded, CalendarDraft, CalendarView, CalendarsSynced, DueCalendar, Expanded, LookAt, LookOutcome,
    LookToRecord, MeetingChange, MeetingNews, calendar_fault,
};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Longest text about a failure or a notice that is kept, in characters.
const LONGEST_TEXT: usize = 300;

// --- the calendars of the config ---

pub(super) fn is_synced(tx: &dyn Tx, fingerprint: &str) -> TxResult<bool> {
    let known = "select exists(select 1 from calendar_list where fingerprint = ?1)";
    Ok(tx.value(known, params![fingerprint])?)
}

pub(super) fn sync(
    tx: &dyn Tx,
    wanted: &[CalendarDraft],
    fingerprint: &str,
    now: Timestamp,
) -> TxResult<CalendarsSynced> {
    let mut synced = CalendarsSynced::default();
    let known = all(tx)?;
    for (id, person, kind) in insert_or_rename(tx, wanted, &known, now)? {
        synced.added.push(id);
        synced.added_files.extend((kind == CalendarKind::File).then_some((id, person)));
    }
    let keys: HashSet<&str> = wanted.iter().map(|draft| draft.key.as_str()).collect();
    let mut gone: Vec<(CalendarId, String)> = Vec::new();
    for (id, name, key) in known {
        if !keys.contains(key.as_str()) {
            gone.push((id, name));
        }
    }
    // The copies of all of them go first: a meeting must not be handed to a calendar that goes too.
    for (id, _) in &gone {
        tx.run("delete from calendar_meetings where calendar_id = ?1", params![id])?;
    }
    for (id, name) in gone {
        synced.changed.extend(remove(tx, id, now)?);
        synced.removed.push(name);
        let fault = calendar_fault(id);
        if ticks::fault_gone(tx, &fault)? {
            synced.over.push(fault);
        }
    }
    tx.run(
        "insert into calendar_list(id, fingerprint) values (1, ?1) on conflict(id) do update set fingerprint = ?1",
        params![fingerprint],
    )?;
    Ok(synced)
}

fn all(tx: &dyn Tx) -> TxResult<Vec<(CalendarId, String, String)>> {
    let sql = "select id, name, key from calendars order by id";
    Ok(tx.rows(sql, &[], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?)
}

/// The new ones: their ids, people and kinds.
fn insert_or_rename(
    tx: &dyn Tx,
    wanted: &[CalendarDraft],
    known: &[(CalendarId, String, String)],
    now: Timestamp,
) -> TxResult<Vec<(CalendarId, String, CalendarKind)>> {
    let known: HashMap<&str, &str> = known.iter().map(|(_, name, key)| (key.as_str(), name.as_str())).collect();
    let (mut renamed, mut new, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for CalendarDraft { key, person, name, kind } in wanted {
        match known.get(key.as_str()) {
            _ if !seen.insert(key) => {}
            Some(before) if before == name => {}
            Some(_) => renamed.push(set![key, name]),
            None => new.push(set![key, person, name, kind, &now]),
        }
    }
    tx.run_each("update calendars set name = ?2 from {each} where key = ?1", &renamed)?;
    let mut added = Vec::new();
    tx.rows_of_each(
        "insert into calendars(key, person, name, kind, next_look_at) select ?1, ?2, ?3, ?4, ?5 from {each} \
         returning id, person, kind",
        &new,
        &mut |r| {
            added.push((r.get(0)?, r.get(1)?, r.get(2)?));
            Ok(())
        },
    )?;
    added.sort_by_key(|(id, ..): &(CalendarId, String, CalendarKind)| id.0);
    Ok(added)
}

/// Removes a calendar. Its future meetings go to the next calendar that holds them, or are called off; past ones stay,
/// as if added by hand.
fn remove(tx: &dyn Tx, id: CalendarId, now: Timestamp) -> TxResult<Vec<MeetingChange>> {
    let sql = format!(
        "select {} from meetings m where m.calendar_id = ?1 and m.starts_at > ?2 order by m.starts_at, m.id",
        meetings::COLUMNS
    );
    let mut changed = Vec::new();
    for meeting in tx.readable("a meeting", &sql, params![id, now], meetings::from_row)? {
        let handed = agenda::hand_over(tx, meeting.id, now)?;
        if !handed && meeting.state == MeetingState::Scheduled {
            let off = agenda::call_off(tx, meeting.id, Reason::CalendarRemoved, now)?;
            let how = MeetingNews::Cancelled(Reason::CalendarRemoved);
            changed.push(MeetingChange { how, meeting: off.meeting, ended: off.ended });
        }
    }
    // The name stays with them.
    tx.run("update meetings set calendar_id = null, source = (select name from calendars where id = ?1) where calendar_id = ?1", params![id])?;
    tx.run("delete from calendar_bodies where calendar_id = ?1", params![id])?;
    tx.run("delete from calendars where id = ?1", params![id])?;
    Ok(changed)
}

// --- looking ---

/// Web calendars that are due and not leased. An impossible time (the clock was set back) keeps no calendar waiting: no
/// lease is longer than `?2 - ?1`, and no look was recorded after that.
const DUE: &str = "kind = 'web' and (next_look_at <= ?1 or checked_at > ?2) \
                   and (lease_until is null or lease_until <= ?1 or lease_until > ?2)";

/// Are there files? Are there other calendars to look at now?
pub(super) fn anything_due(tx: &dyn Tx, now: Timestamp, lease: Duration) -> TxResult<(bool, bool)> {
    Ok(tx.row(&anything_due_sql(), params![now, now.plus(lease)], |r| Ok((r.get(0)?, r.get(1)?)))?)
}

pub(crate) fn anything_due_sql() -> String {
    format!("select exists(select 1 from calendars where kind = 'file'), exists(select 1 from calendars where {DUE})")
}

pub(super) fn behind(tx: &dyn Tx, then: Timestamp) -> TxResult<u64> {
    Ok(tx.value::<i64>(BEHIND, params![then])?.unsigned_abs())
}

pub(crate) const BEHIND: &str = "select count(*) from calendars where kind = 'web' and next_look_at < ?1";

pub(super) fn lease(tx: &dyn Tx, asked: &LookAt) -> TxResult<Vec<DueCalendar>> {
    let LookAt { now, lease, .. } = *asked;
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let due: Vec<CalendarId> = tx.values(
        &format!("select id from calendars where {DUE} order by next_look_at, id limit ?3{}", tx.dialect().skip_locked),
        params![now, now.plus(lease), limit],
    )?;
    let mut leased = Vec::new();
    for id in due {
        tx.run("update calendars set lease_until = ?2, looks = looks + 1 where id = ?1", params![id, now.plus(lease)])?;
        leased.extend(read_due(tx, "c.id = ?1", Some(id), asked)?);
    }
    Ok(leased)
}

pub(super) fn files(tx: &dyn Tx, asked: &LookAt) -> TxResult<Vec<DueCalendar>> {
    read_due(tx, FILES, None, asked)
}

/// For [`read_due`], which has one parameter more than this needs.
pub(crate) const FILES: &str = "c.kind = 'file' and ?1 is null";

fn read_due(tx: &dyn Tx, filter: &str, id: Option<CalendarId>, asked: &LookAt) -> TxResult<Vec<DueCalendar>> {
    let first_ring_ms = i64::try_from(asked.first_ring.as_millis()).unwrap_or(i64::MAX);
    let params = params![id, asked.starts_after, asked.now, first_ring_ms];
    Ok(tx.readable("a calendar", &due_sql(filter), params, due_from_row)?)
}

pub(crate) fn due_sql(filter: &str) -> String {
    // A meeting with an early notice, as if it started that much earlier.
    let early = "m.starts_at - m.early_ms + ?4";
    let has_early = "m.calendar_id = c.id and m.starts_at > ?3 and m.early_ms > ?4 and m.state = 'SCHEDULED'";
    format!(
        "select c.id, c.key, c.person, c.kind, c.etag, c.last_modified, c.stamp, c.hash, c.looks, c.checked_at, \
                c.good_at, c.full_at, c.expanded_at, c.expanded_with, c.failures, c.failure, c.has_missing, \
                exists(select 1 from calendar_bodies where calendar_id = c.id), \
                (select min(m.starts_at) from meetings m \
                   where m.calendar_id = c.id and m.starts_at > ?2 and m.state = 'SCHEDULED'), \
                (select max(m.starts_at) from meetings m \
                   where m.calendar_id = c.id and m.starts_at > ?3 and m.starts_at <= ?2 and m.state = 'SCHEDULED'), \
                (select min({early}) from meetings m where {has_early} and {early} > ?2), \
                (select max({early}) from meetings m where {has_early} and {early} > ?3 and {early} <= ?2) \
         from calendars c where {filter} order by c.id"
    )
}

fn due_from_row(row: &dyn Row) -> Sql<DueCalendar> {
    let at = |column| row.get::<Option<Timestamp>>(column);
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
        next_start: at(18)?.into_iter().chain(at(20)?).min(),
        last_near_start: at(19)?.into_iter().chain(at(21)?).max(),
    })
}

// --- bodies ---

pub(super) fn body(tx: &dyn Tx, id: CalendarId) -> TxResult<Option<Vec<u8>>> {
    Ok(tx.optional("select body from calendar_bodies where calendar_id = ?1", params![id], |r| r.get(0))?)
}

// --- what came of a look ---

/// A look, its calendar and its new copy.
struct Looked<'a> {
    place: usize,
    of: &'a LookToRecord<'a>,
    person: String,
    name: String,
    packed: &'a [u8],
}

/// Of one person the looks come one after the other, since each may change what the next one knows.
pub(super) fn record(tx: &dyn Tx, looks: &[LookToRecord<'_>], packed: &[Vec<u8>]) -> TxResult<Vec<AgendaRecorded>> {
    let ids: Vec<_> = looks.iter().map(|of| set![&of.id]).collect();
    let sql = "select {place}, c.person, c.name from {each} cross join calendars c where c.id = ?1";
    let known = tx.by_place(sql, &ids, |r| Ok((r.get(1)?, r.get(2)?)))?;
    let mut left = Vec::new();
    for (place, ((of, packed), known)) in looks.iter().zip(packed).zip(known).enumerate() {
        let looked = |(person, name)| Looked { place, of, person, name, packed };
        left.extend(known.into_iter().map(looked));
    }
    let mut recorded: Vec<_> = looks.iter().map(|_| AgendaRecorded::default()).collect();
    while !left.is_empty() {
        let mut people = HashSet::new();
        let (round, later) = left.into_iter().partition(|looked: &Looked<'_>| people.insert(looked.person.clone()));
        left = later;
        record_round(tx, round, &mut recorded)?;
    }
    Ok(recorded)
}

fn record_round(tx: &dyn Tx, round: Vec<Looked<'_>>, recorded: &mut [AgendaRecorded]) -> TxResult<()> {
    let counts = count(tx, &round)?;
    let round: Vec<Looked<'_>> = round.into_iter().filter(|looked| counts.contains(&looked.of.id)).collect();
    failed(tx, &round)?;
    good(tx, &round)?;
    let expanded: Vec<(&Looked<'_>, &Expanded)> =
        round.iter().filter_map(|looked| Some((looked, looked.of.look.expanded.as_ref()?))).collect();
    let changed = expand(tx, &expanded)?;
    for looked in &round {
        recorded[looked.place].counted = true;
    }
    for ((looked, _), changed) in expanded.iter().zip(changed) {
        recorded[looked.place].changed = changed;
    }
    Ok(())
}

/// The compare-and-set. Ends the leases. Which calendars counted their looks.
fn count(tx: &dyn Tx, round: &[Looked<'_>]) -> TxResult<HashSet<CalendarId>> {
    let sets: Vec<_> = round
        .iter()
        .map(|looked| {
            let look = looked.of.look;
            set![&looked.of.id, &look.looks, &looked.of.now, &look.next_look_at]
        })
        .collect();
    let mut counted = HashSet::new();
    tx.rows_of_each(
        "update calendars set looks = looks + 1, lease_until = null, checked_at = ?3, next_look_at = ?4 from {each} \
             where id = ?1 and looks = ?2 returning id",
        &sets,
        &mut |r| {
            counted.insert(r.get(0)?);
            Ok(())
        },
    )?;
    Ok(counted)
}

fn failed(tx: &dyn Tx, round: &[Looked<'_>]) -> TxResult<()> {
    let why = |looked: &Looked<'_>| match &looked.of.look.outcome {
        LookOutcome::Failed { why } => Some((looked.of.id, looked.of.now, cut(&printable(why), LONGEST_TEXT))),
        _ => None,
    };
    let all: Vec<_> = round.iter().filter_map(why).collect();
    let sets: Vec<_> = all.iter().map(|(id, now, why)| set![id, now, why]).collect();
    tx.run_each(
        "update calendars set failures = failures + 1, failing_since = coalesce(failing_since, ?2), failure = ?3 \
         from {each} where id = ?1",
        &sets,
    )?;
    Ok(())
}

fn good(tx: &dyn Tx, round: &[Looked<'_>]) -> TxResult<()> {
    let (mut confirmed, mut bodies) = (Vec::new(), Vec::new());
    for looked in round {
        let (id, now, full) = (&looked.of.id, &looked.of.now, &looked.of.look.full);
        let (LookOutcome::Unchanged(validators) | LookOutcome::New { validators, .. }) = &looked.of.look.outcome else {
            continue;
        };
        let Validators { etag, last_modified, stamp, hash } = validators;
        confirmed.push(set![id, etag, last_modified, stamp, hash, now, full]);
        if let LookOutcome::New { .. } = &looked.of.look.outcome {
            bodies.push(set![id, &looked.packed]);
        }
    }
    tx.run_each(
        "update calendars set etag = ?2, last_modified = ?3, stamp = ?4, hash = ?5, good_at = ?6, \
           full_at = case when ?7 then ?6 else full_at end, failures = 0, failing_since = null, failure = null \
         from {each} where id = ?1",
        &confirmed,
    )?;
    tx.run_each(
        "insert into calendar_bodies(calendar_id, body) select ?1, ?2 from {each} where true \
         on conflict(calendar_id) do update set body = excluded.body",
        &bodies,
    )?;
    Ok(())
}

fn expand(tx: &dyn Tx, round: &[(&Looked<'_>, &Expanded)]) -> TxResult<Vec<Vec<MeetingChange>>> {
    let agendas: Vec<_> = round
        .iter()
        .map(|(looked, expanded)| {
            let origin = Origin { calendar: Some(looked.of.id), person: &looked.person, name: &looked.name };
            Agenda { origin, seen: &expanded.seen, now: looked.of.now, rule: looked.of.rule }
        })
        .collect();
    let changed = agenda::of_calendars(tx, &agendas)?;
    // A missing meeting that was called off or has started is no longer waited for.
    let sql = format!(
        "update calendars set expanded_at = ?2, expanded_with = ?3, events = ?4, notices = ?5, notice = ?6, \
           has_missing = case when exists(select 1 from calendar_meetings h {} join meetings m on m.id = h.meeting_id \
             where h.calendar_id = ?1 and h.missing_since is not null and m.state = 'SCHEDULED' and m.starts_at > ?2) \
             then 1 else 0 end \
         from {{each}} where id = ?1",
        (tx.dialect().by_index)("calendar_meetings_missing")
    );
    let notice = |expanded: &Expanded| expanded.notice.as_deref().map(|text| cut(&printable(text), LONGEST_TEXT));
    let notices: Vec<_> = round.iter().map(|(_, expanded)| notice(expanded)).collect();
    let sets: Vec<_> = round
        .iter()
        .zip(&notices)
        .map(|((looked, expanded), notice)| {
            let Looked { of, .. } = looked;
            set![&of.id, &of.now, &expanded.with, &expanded.events, &expanded.notices, notice]
        })
        .collect();
    tx.run_each(&sql, &sets)?;
    let sql = format!(
        "update calendars set next_look_at = {}(next_look_at, ?2) from {{each}} where id = ?1 and has_missing = 1",
        tx.dialect().least
    );
    let sets: Vec<_> = round.iter().map(|(looked, _)| set![&looked.of.id, &looked.of.look.second_look_at]).collect();
    tx.run_each(&sql, &sets)?;
    Ok(changed)
}

// --- showing ---

pub(super) fn views(tx: &dyn Tx) -> TxResult<Vec<CalendarView>> {
    let sql = format!(
        "select id, person, name, kind, good_at, checked_at, failing_since, failure, next_look_at, events, notices, \
           notice, coalesce(stamp like '%@%', false) from calendars order by person{bytewise}, name{bytewise}, id",
        bytewise = tx.dialect().bytewise
    );
    Ok(tx.readable("a calendar", &sql, &[], |r| {
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
            // Only a server's own words about the person have it: see `feed::own_addresses`.
            tells_addresses: r.get(12)?,
        })
    })?)
}
