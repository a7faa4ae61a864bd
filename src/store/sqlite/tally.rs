//! What `report` counts. Rows are grouped here, so that what leaves is small; what they add up to is decided elsewhere.
//!
//! Days are walked one by one along the indexes by time: each is sorted by itself, and where a day begins is the caller's
//! business. No index was made for this: a year of 200 people is read in under half a second as it is, and every tick
//! would have to write such an index.

use super::Inner;
use crate::model::{FENCED, Timestamp};
use crate::store::{AttemptTally, DelayTally, Group, IncidentTally, RefusedTally, Tally, TallyBy, TallyScope};
use rusqlite::types::ValueRef;
use rusqlite::{Row, Transaction, params};
use std::collections::HashMap;

/// Providers that reach nobody.
const REHEARSED: &str = "('mock','test')";

pub(super) fn tally(tx: &Transaction<'_>, asked: &TallyScope) -> Inner<Tally> {
    let mut tally = Tally::default();
    let whole = (asked.since, asked.until);
    match &asked.by {
        TallyBy::Person => part(tx, whole, None, &mut tally)?,
        TallyBy::Days(days) => {
            let ends = days.iter().skip(1).copied().chain([asked.until]);
            for (day, (begin, end)) in days.iter().copied().zip(ends).enumerate() {
                part(tx, (begin, end), Some(day), &mut tally)?;
            }
        }
    }
    tally.delays = delays(tx, whole)?;
    Ok(tally)
}

type Stretch = (Timestamp, Timestamp);

/// Counts one stretch of time: as this day, or by person.
fn part(tx: &Transaction<'_>, at: Stretch, day: Option<usize>, tally: &mut Tally) -> Inner<()> {
    tally.attempts.extend(attempts(tx, at, day)?);
    tally.refused.extend(refused(tx, at, day)?);
    tally.incidents.extend(incidents(tx, at, day)?);
    Ok(())
}

/// The group of a row: the day, or the person in its first column.
fn group(row: &Row<'_>, day: Option<usize>) -> rusqlite::Result<Group> {
    day.map_or_else(|| row.get(0).map(Group::Person), |day| Ok(Group::Day(day)))
}

/// Runs a statement that begins with `select {person}` and reads its rows. A row that cannot be read is left out.
fn rows<T>(
    tx: &Transaction<'_>,
    sql: &str,
    at: Stretch,
    day: Option<usize>,
    read: impl Fn(&Row<'_>, Group) -> rusqlite::Result<T>,
) -> Inner<Vec<T>> {
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map(params![at.0, at.1], |row| read(row, group(row, day)?))?;
    super::readable(rows, "a row of the report")
}

/// What to select and group by: nobody's name within a day.
const fn person(day: Option<usize>, column: &'static str) -> &'static str {
    if day.is_some() { "null" } else { column }
}

/// Columns that tell attempts apart; behind them stands what was said.
const KEY: usize = 14;

/// In one pass, without GROUP BY: SQLite would sort every attempt by fourteen columns, which takes far longer.
fn attempts(tx: &Transaction<'_>, at: Stretch, day: Option<usize>) -> Inner<Vec<AttemptTally>> {
    let sql = format!(
        "select {}, provider in {REHEARSED}, step_id is null, kind, state, call_status, answered_by, error_code, \
           case when error_code is null and state = 'REJECTED' then http_status end, \
           state = 'REJECTED' and (error_class is 'capacity' or http_status is 429), \
           state = 'NOT_SENT' and error like '{FENCED}%', key <> token, price, price_unit, error \
         from attempts where intent_at >= ?1 and intent_at < ?2",
        person(day, "person")
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query(params![at.0, at.1])?;
    let (mut tallies, mut known, mut key) = (Vec::new(), HashMap::<Vec<u8>, usize>::new(), Vec::new());
    while let Some(row) = rows.next()? {
        write_key(row, &mut key)?;
        if let Some(tally) = known.get(&key).and_then(|n| tallies.get_mut(*n)) {
            if let Ok(AttemptTally { count, .. }) = tally {
                *count += 1;
            }
        } else {
            known.insert(key.clone(), tallies.len());
            tallies.push(attempt(row, day));
        }
    }
    super::readable(tallies.into_iter(), "an attempt of the report")
}

/// The bytes of the columns that tell attempts apart, each with its type and length in front.
fn write_key(row: &Row<'_>, key: &mut Vec<u8>) -> rusqlite::Result<()> {
    key.clear();
    for column in 0..KEY {
        match row.get_ref(column)? {
            ValueRef::Null => key.push(0),
            ValueRef::Integer(n) => {
                key.push(1);
                key.extend(n.to_le_bytes());
            }
            ValueRef::Real(n) => {
                key.push(2);
                key.extend(n.to_le_bytes());
            }
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                key.push(3);
                key.extend(text.len().to_le_bytes());
                key.extend(text);
            }
        }
    }
    Ok(())
}

/// The first attempt of its sort.
fn attempt(row: &Row<'_>, day: Option<usize>) -> rusqlite::Result<AttemptTally> {
    Ok(AttemptTally {
        group: group(row, day)?,
        rehearsed: row.get(1)?,
        test: row.get(2)?,
        kind: row.get(3)?,
        state: row.get(4)?,
        call_status: row.get(5)?,
        answered_by: row.get(6)?,
        error_code: row.get(7)?,
        http_status: row.get(8)?,
        capacity: row.get(9)?,
        held_back: row.get::<_, Option<bool>>(10)?.unwrap_or(false),
        retry: row.get(11)?,
        price: row.get(12)?,
        price_unit: row.get(13)?,
        error: row.get(KEY)?,
        count: 1,
    })
}

/// Was anything for the incident `i` done by the mock phone or in test mode?
fn rehearsed() -> String {
    format!(
        "exists(select 1 from attempt_steps x join attempts a on a.id = x.attempt_id \
         where x.incident_id = i.id and a.provider in {REHEARSED})"
    )
}

fn refused(tx: &Transaction<'_>, at: Stretch, day: Option<usize>) -> Inner<Vec<RefusedTally>> {
    let sql = format!(
        "select {}, {}, s.kind, s.reason, count(*) \
         from incidents i join steps s on s.incident_id = i.id where i.ended_at >= ?1 and i.ended_at < ?2 \
           and (s.state = 'SKIPPED' or s.state = 'FAILED' \
             and not exists(select 1 from attempt_steps y where y.step_id = s.id)) \
         group by 1, 2, 3, 4",
        person(day, "i.person"),
        rehearsed()
    );
    rows(tx, &sql, at, day, |row, group| {
        Ok(RefusedTally {
            group,
            rehearsed: row.get(1)?,
            kind: row.get(2)?,
            reason: row.get(3)?,
            count: count(row, 4)?,
        })
    })
}

fn incidents(tx: &Transaction<'_>, at: Stretch, day: Option<usize>) -> Inner<Vec<IncidentTally>> {
    let sql = format!(
        "select {}, {}, i.state, i.reason, i.acknowledged_at is not null, \
           (select count(*) from steps s where s.incident_id = i.id and s.kind = 'call' and s.state = 'EXECUTED'), count(*) \
         from incidents i where i.ended_at >= ?1 and i.ended_at < ?2 group by 1, 2, 3, 4, 5, 6",
        person(day, "i.person"),
        rehearsed()
    );
    rows(tx, &sql, at, day, |row, group| {
        Ok(IncidentTally {
            group,
            rehearsed: row.get(1)?,
            state: row.get(2)?,
            reason: row.get(3)?,
            acknowledged: row.get(4)?,
            calls: row.get(5)?,
            count: count(row, 6)?,
        })
    })
}

/// The key of an attempt is the token of the first one of its step. The plus sign keeps SQLite from walking all calls there
/// ever were, along the index by target.
fn delays(tx: &Transaction<'_>, at: Stretch) -> Inner<Vec<DelayTally>> {
    let mut statement = tx.prepare_cached(&format!(
        "select a.provider in {REHEARSED}, max(0, a.intent_at - s.due_at) / 100 * 100, count(*) \
         from attempts a join steps s on s.id = a.step_id \
         where a.intent_at >= ?1 and a.intent_at < ?2 and +a.kind = 'call' and a.key = a.token group by 1, 2"
    ))?;
    let rows = statement.query_map(params![at.0, at.1], |row| {
        let ms = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        Ok(DelayTally { rehearsed: row.get(0)?, ms, count: count(row, 2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or(0))
}
