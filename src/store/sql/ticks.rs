//! The tick's own record, lasting faults, and what closes with time.

use super::incidents::{self, End};
use super::tx::{Row, Sql, Tx, TxResult};
use super::value::params;
use super::{forget, heard, pauses, steps};
use crate::model::{
    HangUp, IncidentId, IncidentState, Reason, Remembered, RungKind, StepId, StepState, TickId, TickSpan, Timestamp,
};
use crate::owner::{EndedTick, Owner};
use crate::store::{
    CloseRule, Closed, FaultNews, Refusal, SkewSeen, StepResult, StoreError, TickBegun, TickEnd, TickStart,
};
use std::time::Duration;

/// How long the rows of ticks are kept, whatever retention says. Reports look no further back.
const TICKS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A lasting fault is told again after this time.
const TELL_AGAIN: Duration = Duration::from_secs(3600);

/// How to rehearse where ticks with `--now` are refused.
const NO_REHEARSAL: &str = "--now turns the clock for a rehearsal, and real ticks have written this database. Rehearse with \
                            `savehub plan`, with --dry-run, or on a copy: `savehub db backup FILE`, then --database FILE";

/// Rows deleted in one tick, at most: history is never in the way of a call.
const BATCH: i64 = 200;

pub(super) fn begin(tx: &dyn Tx, start: &TickStart, ended: Option<EndedTick>) -> TxResult<TickBegun> {
    let words = tx.dialect();
    keep_apart(tx, start)?;
    let remembered = remembered(tx, start.now, ended)?;
    let sql = format!(
        "insert into ticks(owner, boottime_ms, started_at, host, turned{}) values (?1, ?2, ?3, ?4, ?5{}) returning id",
        words.timeline_column, words.timeline_value
    );
    let turned = i64::from(start.turned);
    let id = tx.value(&sql, params![start.owner, start.boottime_ms, start.now, start.host, turned])?;
    // Of very many ticks only the last are looked at. Those of this boot come first.
    let sql = format!(
        "select skew_ms, started_at, boottime_ms, owner from ticks where skew_ms is not null order by id desc limit {}",
        words.recent_ticks
    );
    let mut skews: Vec<SkewSeen> = tx.readable("a tick", &sql, &[], |r| {
        Ok(SkewSeen { skew_ms: r.get(0)?, started_at: r.get(1)?, boottime_ms: r.get(2)?, owner: r.get(3)? })
    })?;
    skews.sort_by_key(|skew| !skew.owner.same_boot(&start.owner));
    skews.truncate(2);
    let clocks = clocks(tx, id, start)?;
    let faults = tx.values(&format!("select key from faults order by key{}", words.bytewise), &[])?;
    Ok(TickBegun { id, skews, clocks, faults, remembered, pauses: pauses::live(tx, start.now)? })
}

/// Wall and boot time of the last ticks of this boot.
fn clocks(tx: &dyn Tx, id: TickId, start: &TickStart) -> TxResult<Vec<(Timestamp, i64)>> {
    let newest = "select started_at, boottime_ms, owner from ticks where id < ?1 and coalesce(turned, 0) = 0 \
                  order by id desc limit 200";
    let mut clocks = Vec::new();
    for (at, owner) in
        tx.readable("a tick", newest, params![id], |r| Ok(((r.get(0)?, r.get(1)?), r.get::<Owner>(2)?)))?
    {
        clocks.extend(owner.same_boot(&start.owner).then_some(at));
    }
    Ok(clocks)
}

/// A rehearsal by a turned clock leaves no trace in what is real: it is refused where real ticks have written, and the
/// first real tick opens again what rehearsals ended and is still ahead.
fn keep_apart(tx: &dyn Tx, start: &TickStart) -> TxResult<()> {
    if start.turned {
        let real = tx.value("select exists(select 1 from ticks where turned = 0)", &[])?;
        return if real { Err(StoreError::Conflict(NO_REHEARSAL.into()).into()) } else { Ok(()) };
    }
    let last: Option<Option<i64>> =
        tx.optional("select turned from ticks order by id desc limit 1", &[], |r| r.get(0))?;
    if last == Some(Some(1)) { forget::rehearsals(tx, start.now) } else { Ok(()) }
}

/// The times of which this database knows every call of ours, if `ended` is the last tick of this host.
fn remembered(tx: &dyn Tx, now: Timestamp, ended: Option<EndedTick>) -> TxResult<Remembered> {
    if let Some(ticks) = tx.ticks_before_failover(now)? {
        return Ok(Remembered { ticks, on_since: None });
    }
    // Only completed ticks count: what a killed one may have placed stands in its attempts.
    let newest = "select started_at, ended_at from ticks where ended_at is not null order by id desc limit 300";
    let ticks = tx.rows(newest, &[], span_from_row)?;
    let same = tx.dialect().same_timeline;
    let row = format!("select exists(select 1 from ticks where id = ?1 and ended_at = ?2{same})");
    let holds = |tick: &EndedTick| tx.value(&row, params![tick.id, tick.at_ms]);
    let on_since = match ended {
        Some(tick) if holds(&tick)? => Some(Timestamp::from_ms(tick.since_ms)),
        _ => None,
    };
    Ok(Remembered { ticks, on_since })
}

/// Start and end of a tick.
pub(crate) fn span_from_row(row: &dyn Row) -> Sql<TickSpan> {
    Ok(TickSpan { started_at: row.get(0)?, ended_at: row.get(1)? })
}

pub(super) fn end(tx: &dyn Tx, id: TickId, end: &TickEnd) -> TxResult<()> {
    tx.run(
        "update ticks set ended_at = ?2, exit = ?3, skew_ms = ?4, placed = ?5, not_placed = ?6 where id = ?1",
        params![id, end.now, end.exit, end.skew_ms, end.placed, end.not_placed],
    )?;
    Ok(())
}

pub(super) fn anything_to_close(tx: &dyn Tx, now: Timestamp, rule: &CloseRule) -> TxResult<bool> {
    let kept_from = rule.retention.map_or(Timestamp::from_ms(i64::MIN), |keep| now.minus(keep));
    let found = tx.value(
        "select exists(select 1 from incidents i where i.ended_at is null and i.starts_at <= ?1 and not \
               exists(select 1 from steps s where s.incident_id = i.id and s.state in ('PENDING','RUNNING') \
                 and s.deadline_at > s.starts_at and s.deadline_at > ?5)) \
             or exists(select 1 from call_tracker where at < ?2) \
             or exists(select 1 from incidents where ended_at < ?3) \
             or coalesce((select started_at < ?4 from ticks order by id limit 1), false)",
        params![now.minus(rule.grace), now.minus(rule.calls_per), kept_from, now.minus(TICKS_KEPT), now],
    )?;
    Ok(found)
}

pub(super) fn close(tx: &dyn Tx, now: Timestamp, rule: &CloseRule) -> TxResult<Closed> {
    let mut closed = Closed::default();
    let overdue: Vec<IncidentId> = tx.values(
        // Of a ladder that goes on after the start, the last rung comes first: it has ended, or is too late.
        "select i.id from incidents i where i.ended_at is null and i.starts_at <= ?1 and not \
               exists(select 1 from steps s where s.incident_id = i.id and s.state in ('PENDING','RUNNING') \
                 and s.deadline_at > s.starts_at and s.deadline_at > ?2) order by i.starts_at, i.id",
        params![now.minus(rule.grace), now],
    )?;
    for incident in overdue {
        closed.steps.extend(skip_late(tx, incident, now)?);
        let how = HangUp::Canceled;
        let end = End { state: IncidentState::Missed, reason: Reason::NoCheckIn, note: None, how };
        if incidents::end(tx, incident, &end, now)?.changed {
            closed.missed.push(incident);
        }
    }
    prune(tx, now, rule, &mut closed)?;
    Ok(closed)
}

/// Steps that no tick got to before the incident closed get their reason, so that none is lost silently.
fn skip_late(tx: &dyn Tx, incident: IncidentId, now: Timestamp) -> TxResult<Vec<StepResult>> {
    let late: Vec<(StepId, Timestamp, RungKind)> = tx.readable(
        "a step",
        "select id, due_at, kind from steps where incident_id = ?1 and state = 'PENDING' order by rung",
        params![incident],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
    )?;
    let mut results = Vec::new();
    for (step, due_at, kind) in late {
        let last = steps::last_attempt_sql("?1");
        let last = tx.optional(&last, params![step], |r| steps::last_attempt_from_row(r, 0))?.unwrap_or_default();
        let refusal = if let Some(unsent) = last.unsent {
            Refusal::new(StepState::Failed, Reason::NotSent, unsent.words())
        } else {
            let detail = format!("found {} s after it was due, the meeting had started", now.since(due_at) / 1000);
            let call = kind == RungKind::Call;
            let reason = if call { Reason::OutsideCriticalWindow } else { Reason::TooLate };
            Refusal::new(StepState::Skipped, reason, detail)
        };
        steps::end_pending(tx, step, &refusal, now)?;
        results.push(steps::result(tx, step, &refusal, None)?);
    }
    Ok(results)
}

fn prune(tx: &dyn Tx, now: Timestamp, rule: &CloseRule, closed: &mut Closed) -> TxResult<()> {
    // Only old rows *of ended incidents* go: a clock that jumps ahead must not reset the call limit.
    tx.run("delete from call_tracker where (attempt_id, meeting_id) in (select t.attempt_id, t.meeting_id \
         from call_tracker t where t.at < ?1 and not exists (select 1 from attempt_steps x \
           join incidents i on i.id = x.incident_id where x.attempt_id = t.attempt_id and i.ended_at is null) limit ?2)", params![now.minus(rule.calls_per), BATCH])?;
    tx.run(
        // Only the oldest are looked at.
        "delete from ticks where started_at < ?1 and id in (select id from ticks order by id limit ?2)",
        params![now.minus(TICKS_KEPT), BATCH],
    )?;
    heard::prune(tx, now)?;
    if let Some(keep) = rule.retention {
        closed.deleted = forget::batch(tx, now.minus(keep), BATCH / 4)?.incidents;
    }
    Ok(())
}

pub(super) fn fault_seen(tx: &dyn Tx, key: &str, now: Timestamp) -> TxResult<FaultNews> {
    let told: Option<Timestamp> =
        tx.optional("select told_at from faults where key = ?1", params![key], |r| r.get(0))?;
    let news = match told {
        None => FaultNews::Began,
        // A time from the future: the clock was turned back, and "within the hour" means nothing.
        Some(told) if told.plus(TELL_AGAIN) <= now || told > now => FaultNews::Lasts,
        Some(_) => return Ok(FaultNews::Quiet),
    };
    tx.run(
        "insert into faults(key, since, told_at) values (?1, ?2, ?2) on conflict(key) do update set told_at = ?2",
        params![key, now],
    )?;
    Ok(news)
}

pub(super) fn has_fault(tx: &dyn Tx, key: &str) -> TxResult<bool> {
    Ok(tx.value("select exists(select 1 from faults where key = ?1)", params![key])?)
}

pub(super) fn fault_gone(tx: &dyn Tx, key: &str) -> TxResult<bool> {
    Ok(tx.run("delete from faults where key = ?1", params![key])? == 1)
}
