//! What `status` shows.

use super::pauses;
use super::values::target;
use super::{Inner, calendars, meetings};
use crate::model::{IncidentId, MeetingId, StepId, Timestamp};

use crate::store::{
    AcknowledgedView, AttemptView, FaultView, HostView, IncidentView, Meeting, Snapshot, StepView, TickSeen, TickView,
};

use rusqlite::{OptionalExtension, Transaction, params};
use std::time::Duration;

/// Hosts that ticked since then are shown.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Meetings to come and ended incidents shown, at most. Open incidents are all shown.
const SHOWN: i64 = 200;

pub(super) fn snapshot(tx: &Transaction<'_>, now: Timestamp, since: Timestamp, until: Timestamp) -> Inner<Snapshot> {
    Ok(Snapshot {
        next_meetings: next_meetings(tx, now, until)?,
        incidents: incidents(tx, since)?,
        calendars: calendars::views(tx)?,
        last_tick: last_tick(tx)?,
        hosts: hosts(tx, now)?,
        faults: faults(tx)?,
        pauses: pauses::live(tx, now)?,
    })
}

fn next_meetings(tx: &Transaction<'_>, now: Timestamp, until: Timestamp) -> Inner<Vec<Meeting>> {
    let sql = format!(
        "select {} from meetings m where m.state = 'SCHEDULED' and m.starts_at > ?1 and m.starts_at < ?2 \
         order by m.starts_at, m.id limit ?3",
        meetings::COLUMNS
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(params![now, until, SHOWN], meetings::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const INCIDENT: &str = "select i.id, i.meeting_id, i.person, m.title, i.starts_at, i.generation, i.state, i.reason, \
                        i.note, i.opened_at, i.ended_at, i.acknowledged_how, i.acknowledged_by, i.acknowledged_at \
                        from incidents i join meetings m on m.id = i.meeting_id";

/// An incident, still without its steps.
fn incident(r: &rusqlite::Row<'_>) -> rusqlite::Result<IncidentView> {
    Ok(IncidentView {
        id: r.get(0)?,
        meeting: r.get(1)?,
        person: r.get(2)?,
        title: r.get(3)?,
        starts_at: r.get(4)?,
        generation: r.get(5)?,
        state: r.get(6)?,
        reason: r.get(7)?,
        note: r.get(8)?,
        opened_at: r.get(9)?,
        ended_at: r.get(10)?,
        acknowledged: acknowledged(r, 11)?,
        steps: Vec::new(),
    })
}

/// All incidents of a meeting, oldest generation first.
pub(super) fn incidents_of(tx: &Transaction<'_>, meeting: MeetingId) -> Inner<Vec<IncidentView>> {
    let mut statement = tx.prepare_cached(&format!("{INCIDENT} where i.meeting_id = ?1 order by i.generation"))?;
    let rows = statement.query_map([meeting], incident)?;
    let mut incidents = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for incident in &mut incidents {
        incident.steps = steps(tx, incident.id)?;
    }
    Ok(incidents)
}

fn incidents(tx: &Transaction<'_>, since: Timestamp) -> Inner<Vec<IncidentView>> {
    let mut statement = tx.prepare_cached(&format!(
        "{INCIDENT} where i.id in ( \
           select id from incidents where ended_at is null union all \
           select id from (select id from incidents where ended_at >= ?1 order by ended_at desc, id desc limit ?2)) \
         order by i.starts_at desc, i.id desc",
    ))?;
    let rows = statement.query_map(params![since, SHOWN], incident)?;
    let mut incidents = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for incident in &mut incidents {
        incident.steps = steps(tx, incident.id)?;
    }
    Ok(incidents)
}

/// How, by whom and when a human showed that they know; from column `first` on.
fn acknowledged(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Option<AcknowledgedView>> {
    let Some(how) = row.get(first)? else { return Ok(None) };
    Ok(Some(AcknowledgedView { how, by: row.get(first + 1)?, at: row.get(first + 2)? }))
}

fn steps(tx: &Transaction<'_>, incident: IncidentId) -> Inner<Vec<StepView>> {
    let mut statement = tx.prepare_cached(
        "select id, rung, kind, due_at, state, reason, detail, nullif(to_whom, ''), channel from steps \
         where incident_id = ?1 order by rung",
    )?;
    let rows = statement.query_map([incident], |r| {
        Ok(StepView {
            id: r.get(0)?,
            rung: r.get(1)?,
            kind: r.get(2)?,
            due_at: r.get(3)?,
            state: r.get(4)?,
            reason: r.get(5)?,
            detail: r.get(6)?,
            contact: r.get(7)?,
            channel: r.get(8)?,
            attempts: Vec::new(),
        })
    })?;
    let mut steps = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for step in &mut steps {
        step.attempts = attempts(tx, step.id)?;
    }
    Ok(steps)
}

fn attempts(tx: &Transaction<'_>, step: StepId) -> Inner<Vec<AttemptView>> {
    let mut statement = tx.prepare_cached(
        "select a.id, a.state, a.provider, a.kind, a.to_number, a.intent_at, a.sid, a.call_status, a.duration_s, \
                a.answered_by, a.price, a.price_unit, a.error, a.error_code, a.request_id, a.hang_up, a.rang_s \
         from attempt_steps x join attempts a on a.id = x.attempt_id where x.step_id = ?1 order by a.id",
    )?;
    let rows = statement.query_map([step], |r| {
        Ok(AttemptView {
            id: r.get(0)?,
            state: r.get(1)?,
            provider: r.get(2)?,
            to: target(r, 3)?.masked(),
            intent_at: r.get(5)?,
            call_id: r.get(6)?,
            call_status: r.get(7)?,
            duration_s: r.get(8)?,
            answered_by: r.get(9)?,
            price: r.get(10)?,
            price_unit: r.get(11)?,
            error: r.get(12)?,
            error_code: r.get(13)?,
            request_id: r.get(14)?,
            hang_up: r.get(15)?,
            rang_s: r.get(16)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The newest tick that ended; a tick that was killed must not look like a healthy one.
fn last_tick(tx: &Transaction<'_>) -> Inner<Option<TickView>> {
    let view = |condition: &str| -> rusqlite::Result<Option<TickView>> {
        let sql = format!("select started_at, ended_at, exit, skew_ms from ticks {condition} order by id desc limit 1");
        tx.prepare_cached(&sql)?
            .query_row([], |r| {
                Ok(TickView { started_at: r.get(0)?, ended_at: r.get(1)?, exit: r.get(2)?, skew_ms: r.get(3)? })
            })
            .optional()
    };
    match view("where ended_at is not null")? {
        None => Ok(view("")?),
        ended => Ok(ended),
    }
}

/// The newest ticks. A row that cannot be read is left out.
pub(super) fn ticks(tx: &Transaction<'_>, since: Timestamp, limit: usize) -> Inner<Vec<TickSeen>> {
    let mut statement = tx.prepare_cached(
        "select id, host, owner, boottime_ms, started_at, ended_at, exit, skew_ms, placed, not_placed from ticks \
         where started_at >= ?1 order by id desc limit ?2",
    )?;
    let rows = statement.query_map(params![since, i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
        Ok(TickSeen {
            id: r.get(0)?,
            host: r.get(1)?,
            owner: r.get(2)?,
            boottime_ms: r.get(3)?,
            started_at: r.get(4)?,
            ended_at: r.get(5)?,
            exit: r.get(6)?,
            skew_ms: r.get(7)?,
            placed: r.get(8)?,
            not_placed: r.get(9)?,
        })
    })?;
    super::readable(rows, "a tick")
}

/// Hosts that ticked in the last day, if there are several. Of very many ticks only the last are looked at.
fn hosts(tx: &Transaction<'_>, now: Timestamp) -> Inner<Vec<HostView>> {
    let sql = "select host, started_at, ended_at, exit, skew_ms from ticks where id in ( \
           select coalesce(max(case when ended_at is not null then id end), max(id)) from ticks \
           where host is not null and started_at >= ?1 and id > (select max(id) from ticks) - 24000 group by host) \
         order by host";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([now.minus(DAY)], |r| {
        let last_tick = TickView { started_at: r.get(1)?, ended_at: r.get(2)?, exit: r.get(3)?, skew_ms: r.get(4)? };
        Ok(HostView { host: r.get(0)?, last_tick })
    })?;
    let hosts = super::readable(rows, "a host")?;
    Ok(if hosts.len() > 1 { hosts } else { Vec::new() })
}

fn faults(tx: &Transaction<'_>) -> Inner<Vec<FaultView>> {
    let mut statement = tx.prepare_cached("select key, since from faults order by since, key")?;
    let rows = statement.query_map([], |r| Ok(FaultView { fault: r.get(0)?, since: r.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
