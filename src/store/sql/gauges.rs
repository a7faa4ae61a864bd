//! Counts for monitoring. Nothing here walks through history: partial indexes hold present work, `counters` the past.

use super::pauses;
use super::tx::{Sql, Tx, TxResult};
use super::value::params;
use crate::model::{IncidentState, Timestamp};
use crate::store::{Count, Gauges};

pub(super) fn gauges(tx: &dyn Tx, now: Timestamp) -> TxResult<Gauges> {
    let words = tx.dialect();
    let count = |sql: &str| -> Sql<u32> { tx.value(sql, &[]) };
    let open = IncidentState::ALL.iter().filter(|state| !state.is_final()).map(|state| {
        let n = tx.value("select count(*) from incidents where ended_at is null and state = ?1", params![state])?;
        Ok((*state, n))
    });
    let incidents_open = open.collect::<TxResult<Vec<_>>>()?;
    let (calendars, calendars_failing, oldest_calendar_at) =
        tx.row("select count(*), count(failing_since), min(good_at) from calendars", &[], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?;
    let live = pauses::live(tx, now)?;
    let by_name = live.iter().filter(|pause| pause.person.is_some()).count();
    Ok(Gauges {
        incidents_open,
        steps_pending: count("select count(*) from steps where state = 'PENDING'")?,
        steps_due: tx.value("select count(*) from steps where state = 'PENDING' and ready_at <= ?1", params![now])?,
        attempts_unknown: count(
            "select count(*) from attempts where state = 'UNKNOWN' and state in ('SENDING','UNKNOWN')",
        )?,
        calls_live: count(&format!(
            "select count(*) from attempts {} where next_look_at is not null \
             and kind = 'call' and call_status in ('queued','ringing','in-progress')",
            (words.by_index)("attempts_to_look_at")
        ))?,
        faults: tx.values(&format!("select key from faults order by key{}", words.bytewise), &[])?,
        everybody_paused: by_name < live.len(),
        people_paused: u32::try_from(by_name).unwrap_or(u32::MAX),
        skew_ms: tx.optional(
            "select skew_ms from ticks where skew_ms is not null order by id desc limit 1",
            &[],
            |r| r.get(0),
        )?,
        last_completed_at: tx.optional(
            "select ended_at from ticks where ended_at is not null order by id desc limit 1",
            &[],
            |r| r.get(0),
        )?,
        made_at: made_at(tx)?,
        calendars,
        calendars_failing,
        oldest_calendar_at,
        attempts: tallies(tx, "attempts")?,
        steps_ended: tallies(tx, "steps_ended")?,
    })
}

/// When the database was made: the first rows of what every installation writes. Ticks are kept for 30 days.
pub(super) fn made_at(tx: &dyn Tx) -> Sql<Option<Timestamp>> {
    tx.value(
        "select min(at) from (select at from (select started_at as at from ticks order by id limit 1) t \
         union all select at from (select created_at as at from meetings order by id limit 1) m \
         union all select at from (select opened_at as at from incidents order by id limit 1) i) oldest",
        &[],
    )
}

fn tallies(tx: &dyn Tx, name: &str) -> TxResult<Vec<Count>> {
    let sql = format!(
        "select what, how, cast(sum(n) as bigint) from counters where name = ?1 group by what, how \
         order by what{bytewise}, how{bytewise}",
        bytewise = tx.dialect().bytewise
    );
    Ok(tx.rows(&sql, params![name], |r| Ok(Count { what: r.get(0)?, how: r.get(1)?, n: r.get(2)? }))?)
}
