//! Counts for monitoring. Nothing here walks through history: partial indexes hold present work, `counters` the past.

use super::tx::{Optional, Sql, Tx, params};
use super::{Inner, pauses};
use crate::model::{IncidentState, Timestamp};
use crate::store::{Count, Gauges};

pub(super) fn gauges(tx: &Tx<'_>, now: Timestamp) -> Inner<Gauges> {
    let count = |sql: &str| -> Sql<u32> { tx.sql(sql).query_row(params![], |r| r.get(0)) };
    let open = IncidentState::ALL.iter().filter(|state| !state.is_final()).map(|state| {
        let n = tx
            .sql("select count(*) from incidents where ended_at is null and state = $1")
            .query_row([state], |r| r.get(0))?;
        Ok((*state, n))
    });
    let incidents_open = open.collect::<Inner<Vec<_>>>()?;
    let (calendars, calendars_failing, oldest_calendar_at) = tx
        .sql("select count(*), count(failing_since), min(good_at) from calendars")
        .query_row(params![], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let live = pauses::live(tx, now)?;
    let by_name = live.iter().filter(|pause| pause.person.is_some()).count();
    Ok(Gauges {
        incidents_open,
        steps_pending: count("select count(*) from steps where state = 'PENDING'")?,
        steps_due: tx
            .sql("select count(*) from steps where state = 'PENDING' and ready_at <= $1")
            .query_row([now], |r| r.get(0))?,
        attempts_unknown: count(
            "select count(*) from attempts where state = 'UNKNOWN' and state in ('SENDING','UNKNOWN')",
        )?,
        calls_live: count(
            "select count(*) from attempts where next_look_at is not null \
             and kind = 'call' and call_status in ('queued','ringing','in-progress')",
        )?,
        faults: tx
            .sql("select key from faults order by key collate \"C\"")
            .query_map(params![], |r| r.get(0))?
            .collect::<Sql<_>>()?,
        everybody_paused: by_name < live.len(),
        people_paused: u32::try_from(by_name).unwrap_or(u32::MAX),
        skew_ms: tx
            .sql("select skew_ms from ticks where skew_ms is not null order by id desc limit 1")
            .query_row(params![], |r| r.get(0))
            .optional()?,
        last_completed_at: tx
            .sql("select ended_at from ticks where ended_at is not null order by id desc limit 1")
            .query_row(params![], |r| r.get(0))
            .optional()?,
        calendars,
        calendars_failing,
        oldest_calendar_at,
        attempts: tallies(tx, "attempts")?,
        steps_ended: tallies(tx, "steps_ended")?,
    })
}

fn tallies(tx: &Tx<'_>, name: &str) -> Inner<Vec<Count>> {
    let sql = "select what, how, sum(n)::bigint from counters where name = $1 group by what, how \
               order by what collate \"C\", how collate \"C\"";
    let rows = tx.sql(sql).query_map([name], |r| Ok(Count { what: r.get(0)?, how: r.get(1)?, n: r.get(2)? }))?;
    Ok(rows.collect::<Sql<_>>()?)
}
