//! What `report` counts. Rows are grouped here, so that few leave the store; `report` adds them up.
//!
//! Days are counted one by one along the indexes by time: where a day begins is the caller's business. No index was made
//! for this: every tick would have to write it.

use super::candidates::REHEARSED;
use super::tx::{Row, Sql, Tx, TxResult, if_readable};
use super::value::{Value, params};
use crate::model::{FENCED, Timestamp};
use crate::store::{AttemptTally, DelayTally, Group, IncidentTally, RefusedTally, Tally, TallyBy, TallyScope};
use std::collections::HashMap;

pub(super) fn tally(tx: &dyn Tx, asked: &TallyScope) -> TxResult<Tally> {
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
fn part(tx: &dyn Tx, at: Stretch, day: Option<usize>, tally: &mut Tally) -> TxResult<()> {
    tally.attempts.extend(attempts(tx, at, day)?);
    tally.refused.extend(refused(tx, at, day)?);
    tally.incidents.extend(incidents(tx, at, day)?);
    Ok(())
}

/// The group of a row: the day, or the person in its first column.
fn group(row: &dyn Row, day: Option<usize>) -> Sql<Group> {
    day.map_or_else(|| row.get(0).map(Group::Person), |day| Ok(Group::Day(day)))
}

/// Runs a statement that begins with `select {person}`, and reads its rows. A row that cannot be read is left out.
fn rows<T>(
    tx: &dyn Tx,
    sql: &str,
    at: Stretch,
    day: Option<usize>,
    read: impl Fn(&dyn Row, Group) -> Sql<T>,
) -> TxResult<Vec<T>> {
    Ok(tx.readable("a row of the report", sql, params![at.0, at.1], |row| read(row, group(row, day)?))?)
}

/// What to select and group by: nobody's name within a day.
const fn person(day: Option<usize>, column: &'static str) -> &'static str {
    if day.is_some() { "cast(null as text)" } else { column }
}

/// How many columns tell attempts apart; after them come the error and the count.
const KEY: usize = 14;

fn attempts(tx: &dyn Tx, at: Stretch, day: Option<usize>) -> TxResult<Vec<AttemptTally>> {
    let sorts = &tx.dialect().sorts;
    let sql = format!(
        "select {}, provider in {REHEARSED}, step_id is null and found_for is null and id not in (select attempt_id from explained), kind, state, call_status, answered_by, error_code, \
           case when error_code is null and state = 'REJECTED' then http_status end, \
           state = 'REJECTED' and (error_class is not distinct from 'capacity' or http_status is not distinct from 429), \
           coalesce(state = 'NOT_SENT' and error like '{FENCED}%', false), key <> token, price, price_unit, {}, {} \
         from attempts where intent_at >= ?1 and intent_at < ?2{}",
        person(day, "person"),
        sorts.first_error,
        sorts.count,
        sorts.group_by
    );
    let (mut tallies, mut known, mut key) = (Vec::new(), HashMap::<Vec<u8>, usize>::new(), Vec::new());
    tx.each_row(&sql, params![at.0, at.1], &mut |row| {
        if if_readable(write_key(row, &mut key), "an attempt of the report")?.is_none() {
            return Ok(true);
        }
        if let Some(place) = known.get(&key) {
            if let Some(Some(AttemptTally { count: known, .. })) = tallies.get_mut(*place) {
                *known += count(row, KEY + 1)?;
            }
        } else {
            known.insert(key.clone(), tallies.len());
            tallies
                .push(if_readable(group(row, day).and_then(|group| attempt(row, group)), "an attempt of the report")?);
        }
        Ok(true)
    })?;
    Ok(tallies.into_iter().flatten().collect())
}

/// The bytes of the columns that tell attempts apart, each with its type and length in front.
fn write_key(row: &dyn Row, key: &mut Vec<u8>) -> Sql<()> {
    key.clear();
    for column in 0..KEY {
        match row.value(column)? {
            Value::Null(_) => key.push(0),
            Value::Flag(flag) => key.extend([1, flag.into()]),
            Value::Int(n) => {
                key.push(2);
                key.extend(n.to_le_bytes());
            }
            Value::Text(text) => {
                key.push(3);
                key.extend(text.len().to_le_bytes());
                key.extend(text.as_bytes());
            }
            Value::Bytes(_) => {}
        }
    }
    Ok(())
}

/// The first attempt of a group.
fn attempt(row: &dyn Row, group: Group) -> Sql<AttemptTally> {
    Ok(AttemptTally {
        group,
        rehearsed: row.get(1)?,
        test: row.get(2)?,
        kind: row.get(3)?,
        state: row.get(4)?,
        call_status: row.get(5)?,
        answered_by: row.get(6)?,
        error_code: row.get(7)?,
        http_status: row.get(8)?,
        capacity: row.get(9)?,
        held_back: row.get(10)?,
        retry: row.get(11)?,
        price: row.get(12)?,
        price_unit: row.get(13)?,
        error: row.get(KEY)?,
        count: count(row, KEY + 1)?,
    })
}

/// Was anything for the incident `i` done by the mock phone or in test mode?
fn rehearsed() -> String {
    format!(
        "exists(select 1 from attempt_steps x join attempts a on a.id = x.attempt_id \
         where x.incident_id = i.id and a.provider in {REHEARSED})"
    )
}

fn refused(tx: &dyn Tx, at: Stretch, day: Option<usize>) -> TxResult<Vec<RefusedTally>> {
    let sql = format!(
        "select person, rehearsed, kind, reason, count(*) from ( \
         select {} as person, {} as rehearsed, s.kind, s.reason \
         from incidents i join steps s on s.incident_id = i.id where i.ended_at >= ?1 and i.ended_at < ?2 \
           and (s.state = 'SKIPPED' or s.state = 'FAILED' \
             and not exists(select 1 from attempt_steps y where y.step_id = s.id))) refused \
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

fn incidents(tx: &dyn Tx, at: Stretch, day: Option<usize>) -> TxResult<Vec<IncidentTally>> {
    let sql = format!(
        "select person, rehearsed, state, reason, acknowledged, calls, count(*) from ( \
           select {} as person, {} as rehearsed, i.state, i.reason, i.acknowledged_at is not null as acknowledged, \
             (select count(*) from steps s where s.incident_id = i.id and s.kind = 'call' and s.state = 'EXECUTED') as calls \
           from incidents i where i.ended_at >= ?1 and i.ended_at < ?2) ended \
         group by 1, 2, 3, 4, 5, 6",
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

/// The key of an attempt is the token of the first one of its step.
fn delays(tx: &dyn Tx, at: Stretch) -> TxResult<Vec<DelayTally>> {
    let words = tx.dialect();
    let sql = format!(
        "select a.provider in {REHEARSED}, {greatest}(0, a.intent_at - s.due_at) / 100 * 100, count(*) \
         from attempts a join steps s on s.id = a.step_id \
         where a.intent_at >= ?1 and a.intent_at < ?2 and {no_index}a.kind = 'call' and a.key = a.token group by 1, 2",
        // Keeps the database from reading every call there ever was by the index of targets.
        no_index = words.no_index,
        greatest = words.greatest
    );
    Ok(tx.rows(&sql, params![at.0, at.1], |row| {
        let ms = u64::try_from(row.get::<i64>(1)?).unwrap_or(0);
        Ok(DelayTally { rehearsed: row.get(0)?, ms, count: count(row, 2)? })
    })?)
}

fn count(row: &dyn Row, column: usize) -> Sql<u64> {
    row.get::<i64>(column).map(|n| u64::try_from(n).unwrap_or(0))
}
