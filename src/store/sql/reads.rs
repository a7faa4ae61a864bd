//! What `status` shows.

use super::tx::{Row, Sql, Tx, TxResult};
use super::value::{Value, params};
use super::{calendars, gauges, meetings, pauses};
use crate::model::{IncidentId, MeetingId, StepId, Timestamp};
use crate::store::{
    AcknowledgedView, AttemptView, FaultView, HostView, IncidentView, Meeting, Snapshot, StepView, TickSeen, TickView,
};
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Hosts that ticked since then are shown.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Meetings to come and ended incidents shown, at most. Open incidents are all shown.
const SHOWN: i64 = 200;

pub(super) fn snapshot(tx: &dyn Tx, now: Timestamp, since: Timestamp, until: Timestamp) -> TxResult<Snapshot> {
    Ok(Snapshot {
        next_meetings: next_meetings(tx, now, until)?,
        incidents: incidents(tx, SHOWN_INCIDENTS, params![since, SHOWN], "i.starts_at desc, i.id desc")?,
        calendars: calendars::views(tx)?,
        last_tick: last_tick(tx)?,
        hosts: hosts(tx, now)?,
        faults: faults(tx)?,
        pauses: pauses::live(tx, now)?,
        made_at: gauges::made_at(tx)?,
    })
}

fn next_meetings(tx: &dyn Tx, now: Timestamp, until: Timestamp) -> TxResult<Vec<Meeting>> {
    let sql = format!(
        "select {} from meetings m where m.state = 'SCHEDULED' and m.starts_at > ?1 and m.starts_at < ?2 \
         order by m.starts_at, m.id limit ?3",
        meetings::COLUMNS
    );
    Ok(tx.readable("a meeting", &sql, params![now, until, SHOWN], meetings::from_row)?)
}

/// Ids of the incidents that are shown; ?1 is the time since which they may have ended, ?2 how many of those at most.
const SHOWN_INCIDENTS: &str = "select id from incidents where ended_at is null union all \
                               select id from (select id from incidents where ended_at >= ?1 \
                                 order by ended_at desc, id desc limit ?2) ended";

/// All incidents of a meeting, oldest generation first.
pub(super) fn incidents_of(tx: &dyn Tx, meeting: MeetingId) -> TxResult<Vec<IncidentView>> {
    incidents(tx, "select id from incidents where meeting_id = ?1", params![meeting], "i.generation")
}

/// The incidents that `which` selects, in this order.
fn incidents(tx: &dyn Tx, which: &str, params: &[Value<'_>], order: &str) -> TxResult<Vec<IncidentView>> {
    let sql = format!(
        "select i.id, i.meeting_id, i.person, m.title, i.starts_at, i.generation, i.state, i.reason, i.note, \
                i.opened_at, i.ended_at, i.acknowledged_how, i.acknowledged_by, i.acknowledged_at \
         from incidents i join meetings m on m.id = i.meeting_id where i.id in ({which}) \
         order by {order}"
    );
    let mut steps = steps(tx, which, params)?;
    Ok(tx.readable("an incident", &sql, params, |r| {
        let id = r.get(0)?;
        Ok(IncidentView {
            id,
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
            steps: steps.remove(&id).unwrap_or_default(),
        })
    })?)
}

/// How, by whom and when a human showed that they know; from column `first` on.
fn acknowledged(row: &dyn Row, first: usize) -> Sql<Option<AcknowledgedView>> {
    let Some(how) = row.get(first)? else { return Ok(None) };
    Ok(Some(AcknowledgedView { how, by: row.get(first + 1)?, at: row.get(first + 2)? }))
}

/// The steps of all shown incidents, in the order of their ladders, by one statement.
fn steps(tx: &dyn Tx, which: &str, params: &[Value<'_>]) -> TxResult<HashMap<IncidentId, Vec<StepView>>> {
    let sql = format!(
        "select id, rung, kind, due_at, state, reason, detail, nullif(to_whom, ''), channel, incident_id from steps \
         where incident_id in ({which}) order by incident_id, rung"
    );
    let mut attempts = attempts(tx, which, params)?;
    let rows = tx.readable("a step", &sql, params, |r| {
        let id = r.get(0)?;
        let step = StepView {
            id,
            rung: r.get(1)?,
            kind: r.get(2)?,
            due_at: r.get(3)?,
            state: r.get(4)?,
            reason: r.get(5)?,
            detail: r.get(6)?,
            contact: r.get(7)?,
            channel: r.get(8)?,
            attempts: attempts.remove(&id).unwrap_or_default(),
        };
        Ok((r.get(9)?, step))
    })?;
    Ok(grouped(rows))
}

/// The attempts of all those steps, oldest first.
fn attempts(tx: &dyn Tx, which: &str, params: &[Value<'_>]) -> TxResult<HashMap<StepId, Vec<AttemptView>>> {
    let sql = format!(
        "select {ATTEMPT}, x.step_id from attempt_steps x join attempts a on a.id = x.attempt_id \
         where x.incident_id in ({which}) order by x.step_id, a.id"
    );
    let rows = tx.readable("an attempt", &sql, params, |r| Ok((r.get(17)?, attempt_from_row(r)?)))?;
    Ok(grouped(rows))
}

/// The text that explained an answer for this incident.
pub(super) fn text_about(tx: &dyn Tx, incident: IncidentId) -> TxResult<Option<AttemptView>> {
    let sql =
        format!("select {ATTEMPT} from explained e join attempts a on a.id = e.attempt_id where e.incident_id = ?1");
    Ok(tx.readable("an attempt", &sql, params![incident], attempt_from_row)?.pop())
}

/// Calls without a step that were found for this incident when it had ended.
pub(super) fn found_for(tx: &dyn Tx, incident: IncidentId) -> TxResult<Vec<AttemptView>> {
    let sql = format!("select {ATTEMPT} from attempts a where a.step_id is null and a.found_for = ?1 order by a.id");
    Ok(tx.readable("an attempt", &sql, params![incident], attempt_from_row)?)
}

/// What [`attempt_from_row`] reads, of attempts `a`.
const ATTEMPT: &str = "a.id, a.state, a.provider, a.kind, a.to_number, a.intent_at, a.sid, a.call_status, a.duration_s, \
                       a.answered_by, a.price, a.price_unit, a.error, a.error_code, a.request_id, a.hang_up, a.rang_s";

fn attempt_from_row(r: &dyn Row) -> Sql<AttemptView> {
    Ok(AttemptView {
        id: r.get(0)?,
        state: r.get(1)?,
        provider: r.get(2)?,
        to: r.target(3)?.masked(),
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
}

fn grouped<K: Eq + Hash, V>(rows: Vec<(K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// The newest tick that ended; a tick that was killed must not look like a healthy one.
fn last_tick(tx: &dyn Tx) -> TxResult<Option<TickView>> {
    let view = |condition: &str| -> Sql<Option<TickView>> {
        let sql = format!("select started_at, ended_at, exit, skew_ms from ticks {condition} order by id desc limit 1");
        tx.optional(&sql, &[], |r| {
            Ok(TickView { started_at: r.get(0)?, ended_at: r.get(1)?, exit: r.get(2)?, skew_ms: r.get(3)? })
        })
    };
    match view("where ended_at is not null")? {
        None => Ok(view("")?),
        ended => Ok(ended),
    }
}

/// The newest ticks. A row that cannot be read is left out.
pub(super) fn ticks(tx: &dyn Tx, since: Timestamp, limit: usize) -> TxResult<Vec<TickSeen>> {
    let sql = "select id, host, owner, boottime_ms, started_at, ended_at, exit, skew_ms, placed, not_placed, \
                 coalesce(turned, 0) from ticks where started_at >= ?1 order by id desc limit ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(tx.readable("a tick", sql, params![since, limit], |r| {
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
            turned: r.get::<i64>(10)? != 0,
        })
    })?)
}

/// Hosts that ticked in the last day, if there are several. Of very many ticks only the last are looked at.
fn hosts(tx: &dyn Tx, now: Timestamp) -> TxResult<Vec<HostView>> {
    let sql = format!(
        "select host, started_at, ended_at, exit, skew_ms from ticks where id in ( \
           select coalesce(max(case when ended_at is not null then id end), max(id)) from ticks \
           where host is not null and started_at >= ?1 and id > (select max(id) from ticks) - 24000 group by host) \
         order by host{}",
        tx.dialect().bytewise
    );
    let hosts = tx.readable("a host", &sql, params![now.minus(DAY)], |r| {
        let last_tick = TickView { started_at: r.get(1)?, ended_at: r.get(2)?, exit: r.get(3)?, skew_ms: r.get(4)? };
        Ok(HostView { host: r.get(0)?, last_tick })
    })?;
    Ok(if hosts.len() > 1 { hosts } else { Vec::new() })
}

fn faults(tx: &dyn Tx) -> TxResult<Vec<FaultView>> {
    let sql = format!("select key, since from faults order by since, key{}", tx.dialect().bytewise);
    Ok(tx.rows(&sql, &[], |r| Ok(FaultView { fault: r.get(0)?, since: r.get(1)? }))?)
}
