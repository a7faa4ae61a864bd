//! Deleting what is old, in batches: retention does it in ticks, `db prune` on demand. Nothing that is open, may still ring
//! or is to be hung up is ever deleted, and no counter goes back.

use super::candidates::REHEARSED;
use super::dialect::Dialect;
use super::tx::{Sql, Tx, TxResult};
use super::value::params;
use super::{acts, meetings, pauses};
use crate::model::{IncidentId, MeetingId, Reason, Timestamp};
use crate::store::Forgotten;

/// Ended before ?1, with no attempt that somebody still looks after.
const OLD_INCIDENTS: &str = "incidents where ended_at < ?1 and not exists (select 1 from attempt_steps x \
    join attempts a on a.id = x.attempt_id where x.incident_id = incidents.id \
      and (a.state in ('SENDING','UNKNOWN') or (a.state = 'ACCEPTED' and a.hang_up = 'WANTED')))";

/// Started before ?1, and nobody watches them: called off before they came into reach, or their incidents are gone.
const OLD_MEETINGS: &str =
    "meetings where starts_at < ?1 and not exists (select 1 from incidents where meeting_id = meetings.id)";

/// Test calls of before ?1 that are over, and texts that explained an answer for an incident that is gone. The index of steps finds the few attempts without a step.
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

/// Deletes at most `limit` incidents with their meetings; the rest when those are done, since looking for it then costs
/// little.
pub(super) fn batch(tx: &dyn Tx, until: Timestamp, limit: i64) -> TxResult<Forgotten> {
    let old = |from: &str, order: &str, limit: i64| -> Sql<Vec<i64>> {
        let sql = format!("select id from {from} {order} limit ?2");
        tx.values(&sql, params![until, limit])
    };
    let mut gone = Forgotten::default();
    let incidents = old(OLD_INCIDENTS, "order by ended_at", limit)?;
    for incident in &incidents {
        gone.meetings += u32::from(delete_incident(tx, IncidentId(*incident), until)?);
    }
    gone.incidents = counted(incidents.len());
    if i64::from(gone.incidents) < limit {
        let others = limit.saturating_mul(OTHERS);
        let unwatched = old(OLD_MEETINGS, "order by starts_at", others)?;
        for meeting in &unwatched {
            meetings::delete(tx, MeetingId(*meeting))?;
        }
        let test_calls = old(&old_test_calls(tx.dialect()), "", others)?;
        for attempt in &test_calls {
            tx.run("delete from attempts where id = ?1", params![attempt])?;
        }
        gone.meetings += counted(unwatched.len());
        gone.test_calls = counted(test_calls.len());
        gone.pauses = counted(pauses::forget(tx, until, others)?);
    }
    Ok(gone)
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
    for (incident, meeting) in found {
        delete_incident(tx, incident, Timestamp::from_ms(i64::MIN))?;
        tx.run("update meetings set watched = 0 where id = ?1", params![meeting])?;
    }
    Ok(())
}

/// Deletes an incident with everything that hangs on it. `true`: its meeting too, which started before `until` and was
/// watched by no other.
fn delete_incident(tx: &dyn Tx, incident: IncidentId, until: Timestamp) -> TxResult<bool> {
    let meeting: MeetingId = tx.value("select meeting_id from incidents where id = ?1", params![incident])?;
    let delete = |sql: &str| tx.run(sql, params![incident]);
    delete(
        "delete from call_tracker where meeting_id = (select meeting_id from incidents where id = ?1) \
         and attempt_id in (select attempt_id from attempt_steps where incident_id = ?1 \
           union all select attempt_id from explained where incident_id = ?1)",
    )?;
    delete("delete from explained where incident_id = ?1")?;
    let attempts: Vec<i64> =
        tx.values("select attempt_id from attempt_steps where incident_id = ?1", params![incident])?;
    delete("delete from attempt_steps where incident_id = ?1")?;
    for attempt in attempts {
        // A shared call goes with the last of its incidents; until then it belongs to none of the deleted steps.
        tx.run("update attempts set step_id = (select min(step_id) from attempt_steps where attempt_id = ?1) where id = ?1", params![attempt])?;
        tx.run("delete from attempts where id = ?1 and step_id is null", params![attempt])?;
    }
    acts::forget(tx, "incident_id", incident.0)?;
    delete("delete from heard_incidents where incident_id = ?1")?;
    delete("delete from steps where incident_id = ?1")?;
    delete("delete from incidents where id = ?1")?;
    let last =
        tx.value(&format!("select exists(select 1 from {OLD_MEETINGS} and id = ?2)"), params![until, meeting])?;
    if last {
        meetings::delete(tx, meeting)?;
    }
    Ok(last)
}
