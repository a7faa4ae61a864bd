//! Deleting what is old, in batches: retention does it in ticks, `db prune` on demand. Nothing that is open, may still ring
//! or is to be hung up is ever deleted, and no counter goes back.

use super::candidates::REHEARSED;
use super::dialect::Dialect;
use super::tx::{Sql, Tx, TxResult};
use super::value::{ids, params};
use super::{acts, meetings, pauses};
use crate::model::{AttemptId, IncidentId, MeetingId, Reason, Timestamp};
use crate::store::Forgotten;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Ended before ?1, with no attempt that somebody still looks after.
const OLD_INCIDENTS: &str = "incidents where ended_at < ?1 and not exists (select 1 from attempt_steps x \
    join attempts a on a.id = x.attempt_id where x.incident_id = incidents.id \
      and (a.state in ('SENDING','UNKNOWN') or (a.state = 'ACCEPTED' and a.hang_up = 'WANTED')))";

/// Started before ?1, and nobody watches them: called off before they came into reach, or their incidents are gone.
const OLD_MEETINGS: &str =
    "meetings where starts_at < ?1 and not exists (select 1 from incidents where meeting_id = meetings.id)";

/// Test calls of before ?1 that are over, and texts that explained an answer for an incident that is gone. The index of
/// steps finds the few attempts without a step.
fn old_test_calls(words: &Dialect) -> String {
    format!(
        "attempts {} where intent_at < ?1 and step_id is null and state not in ('SENDING','UNKNOWN') \
         and next_look_at is null and hang_up <> 'WANTED' \
         and not exists (select 1 from attempt_steps x where x.attempt_id = attempts.id) \
         and not exists (select 1 from explained e where e.attempt_id = attempts.id)",
        (words.by_index)("attempts_of_step")
    )
}

/// So many other rows go for each incident.
const OTHERS: i64 = 4;

/// So many rows are deleted together at first.
const FIRST: i64 = 32;

/// Where a transaction keeps all other writers waiting, it deletes for so long. With its commit it is over when SQLite asks
/// for the seventh time whether it is a waiting tick's turn, after 33 ms.
const HELD: Duration = Duration::from_millis(20);

/// Deletes at most `limit` incidents with their meetings; the rest when those are done, since looking for it then costs
/// little.
pub(super) fn batch(tx: &dyn Tx, until: Timestamp, limit: i64) -> TxResult<Forgotten> {
    let began = Instant::now();
    let mut gone = Forgotten::default();
    let (incidents, all) = sets(tx, began, limit, |most| {
        let [old, _] = old_sql();
        let old = tx.rows(&old, params![until, most], |r| Ok((r.get(0)?, r.get(1)?)))?;
        gone.meetings += counted(delete_incidents(tx, &old, until)?);
        Ok(old.len())
    })?;
    gone.incidents = counted(incidents);
    if !all {
        return Ok(gone);
    }
    let others = limit.saturating_mul(OTHERS);
    let (unwatched, _) = sets(tx, began, others, |most| {
        let [_, old] = old_sql();
        let old = tx.values(&old, params![until, most])?;
        meetings::delete(tx, &old)?;
        Ok(old.len())
    })?;
    let (test_calls, _) = sets(tx, began, others, |most| {
        let old = format!("select id from {} limit ?2", old_test_calls(tx.dialect()));
        let old: Vec<AttemptId> = tx.values(&old, params![until, most])?;
        tx.run_for("delete from attempts where id in {ids}", &ids(&old))?;
        Ok(old.len())
    })?;
    let (pauses, _) = sets(tx, began, others, |most| pauses::forget(tx, until, most))?;
    gone.meetings += counted(unwatched);
    gone.test_calls = counted(test_calls);
    gone.pauses = counted(pauses);
    Ok(gone)
}

/// The oldest incidents with their meetings, and the oldest meetings that nobody watches.
pub(crate) fn old_sql() -> [String; 2] {
    [
        format!("select id, meeting_id from {OLD_INCIDENTS} order by ended_at limit ?2"),
        format!("select id from {OLD_MEETINGS} order by starts_at limit ?2"),
    ]
}

/// Deletes set after set, each at most as large as `delete` is told, until so many are gone, none is left, or the time is
/// over. Sets grow while there is time for larger ones. How many went, and whether those were all.
fn sets(
    tx: &dyn Tx,
    began: Instant,
    limit: i64,
    mut delete: impl FnMut(i64) -> TxResult<usize>,
) -> TxResult<(usize, bool)> {
    let (mut gone, mut set) = (0, FIRST);
    loop {
        let asked = set.min(limit - i64::from(counted(gone)));
        let before = began.elapsed();
        let some = delete(asked)?;
        gone += some;
        if i64::from(counted(some)) < asked {
            return Ok((gone, true));
        }
        let (took, left) = (began.elapsed().saturating_sub(before), HELD.saturating_sub(began.elapsed()));
        let short = tx.dialect().one_writer;
        if i64::from(counted(gone)) >= limit || short && took > left {
            return Ok((gone, false));
        }
        if !short || took * 2 <= left {
            set *= 2;
        }
    }
}

/// What there is to delete.
pub(super) fn count(tx: &dyn Tx, until: Timestamp) -> TxResult<Forgotten> {
    let count = |from: &str| -> Sql<u32> { tx.value(&format!("select count(*) from {from}"), params![until]) };
    // A meeting goes with the last of its incidents.
    let with_incidents = "meetings where starts_at < ?1 and not exists (select 1 from incidents i \
        where i.meeting_id = meetings.id and i.id not in (select id from OLD))";
    Ok(Forgotten {
        incidents: count(OLD_INCIDENTS)?,
        meetings: count(&with_incidents.replace("OLD", OLD_INCIDENTS))?,
        test_calls: count(&old_test_calls(tx.dialect()))?,
        pauses: count(pauses::OVER)?,
    })
}

fn counted(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Deletes what rehearsals by a turned clock did for meetings that are still ahead: they are watched as if for the first
/// time. What a person said stands.
pub(super) fn rehearsals(tx: &dyn Tx, now: Timestamp) -> TxResult<()> {
    let sql = format!(
        "select i.id, m.id from incidents i join meetings m on m.id = i.meeting_id and m.generation = i.generation \
         where i.starts_at > ?1 and m.state = 'SCHEDULED' and (i.ended_at is null or i.reason in (?2, ?3)) \
           and not exists(select 1 from attempt_steps x join attempts a on a.id = x.attempt_id \
             where x.incident_id = i.id and a.provider not in {REHEARSED})"
    );
    let params = params![now, Reason::NoCheckIn, Reason::Presence];
    let found: Vec<(IncidentId, MeetingId)> = tx.rows(&sql, params, |r| Ok((r.get(0)?, r.get(1)?)))?;
    delete_incidents(tx, &found, Timestamp::from_ms(i64::MIN))?;
    for (_, meeting) in found {
        tx.run("update meetings set watched = 0 where id = ?1", params![meeting])?;
    }
    Ok(())
}

/// Deletes incidents with everything that hangs on them, in the order in which rows name each other; also their meetings
/// that started before `until` and are watched by no other. How many meetings those are.
fn delete_incidents(tx: &dyn Tx, old: &[(IncidentId, MeetingId)], until: Timestamp) -> TxResult<usize> {
    let (incidents, meetings): (Vec<IncidentId>, BTreeSet<MeetingId>) = old.iter().copied().unzip();
    let (incidents, meetings) = (ids(&incidents), Vec::from_iter(meetings));
    let delete = |sql: &str| tx.run_for(sql, &incidents);
    // Of a shared call, what counts for the other meetings stays.
    delete(
        "delete from call_tracker where meeting_id in (select meeting_id from incidents where id in {ids}) \
           and exists (select 1 from incidents i where i.meeting_id = call_tracker.meeting_id and i.id in {ids} \
             and (exists (select 1 from attempt_steps x \
                 where x.incident_id = i.id and x.attempt_id = call_tracker.attempt_id) \
               or exists (select 1 from explained e \
                 where e.incident_id = i.id and e.attempt_id = call_tracker.attempt_id)))",
    )?;
    delete("delete from explained where incident_id in {ids}")?;
    let mut attempts: BTreeSet<AttemptId> = BTreeSet::new();
    tx.rows_for("select attempt_id from attempt_steps where incident_id in {ids}", &incidents, &mut |r| {
        attempts.insert(r.get(0)?);
        Ok(())
    })?;
    delete("delete from attempt_steps where incident_id in {ids}")?;
    delete_unless_shared(tx, &Vec::from_iter(attempts))?;
    acts::forget(tx, "incident_id", &incidents)?;
    for table in ["heard_incidents", "steps"] {
        delete(&format!("delete from {table} where incident_id in {{ids}}"))?;
    }
    delete("delete from incidents where id in {ids}")?;
    let unwatched = "select id, starts_at from meetings where id in {ids} \
                     and not exists (select 1 from incidents where meeting_id = meetings.id)";
    let mut last: Vec<MeetingId> = Vec::new();
    tx.rows_for(unwatched, &ids(&meetings), &mut |r| {
        if r.get::<Timestamp>(1)? < until {
            last.push(r.get(0)?);
        }
        Ok(())
    })?;
    meetings::delete(tx, &last)?;
    Ok(last.len())
}

/// A shared call goes with the last of its incidents; until then it belongs to none of the deleted steps.
fn delete_unless_shared(tx: &dyn Tx, attempts: &[AttemptId]) -> TxResult<()> {
    let ids = ids(attempts);
    let gone = tx.run_for(
        "delete from attempts where id in {ids} \
           and not exists (select 1 from attempt_steps x where x.attempt_id = attempts.id)",
        &ids,
    )?;
    if gone < attempts.len() {
        tx.run_for(
            "update attempts set step_id = (select min(step_id) from attempt_steps where attempt_id = attempts.id) \
             where id in {ids}",
            &ids,
        )?;
    }
    Ok(())
}
