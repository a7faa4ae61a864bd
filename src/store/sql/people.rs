//! Who the config names: who left it, who is back, and whose id changed.

use super::meetings;
use super::tx::{Tx, TxResult};
use super::value::{params, set};
use crate::model::{Address, MeetingId, Reason, Timestamp};
use crate::store::{PeopleSynced, PersonDraft, RekeyRule};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A number that left the config is the same person's under another id for this long.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// Test calls belong to no incident; those that are this old count for nothing.
const COUNTED: Duration = Duration::from_secs(25 * 3600);

pub(super) fn is_synced(tx: &dyn Tx, fingerprint: &str) -> TxResult<bool> {
    let known = "select exists(select 1 from people_list where fingerprint = ?1)";
    Ok(tx.value(known, params![fingerprint])?)
}

pub(super) fn sync(
    tx: &dyn Tx,
    wanted: &[PersonDraft],
    fingerprint: &str,
    rekey: RekeyRule<'_>,
    now: Timestamp,
) -> TxResult<PeopleSynced> {
    let mut synced = PeopleSynced::default();
    // The clock may have been turned back.
    let forgotten = "delete from people where gone_at < ?1 or gone_at > ?2";
    tx.run(forgotten, params![now.minus(REMEMBERED), now])?;
    let known: Vec<Known> = tx.rows("select id, phone, gone_at is not null from people order by id", &[], |r| {
        Ok(Known { id: r.get(0)?, phone: r.get(1)?, gone: r.get(2)? })
    })?;
    let ids: HashSet<&str> = wanted.iter().map(|draft| draft.id.as_str()).collect();
    let gone: Vec<&Known> = known.iter().filter(|known| !ids.contains(known.id.as_str())).collect();
    let by_id: HashMap<&str, &Known> = known.iter().map(|known| (known.id.as_str(), known)).collect();
    let new: Vec<&PersonDraft> = wanted.iter().filter(|draft| !by_id.contains_key(draft.id.as_str())).collect();
    for old in &gone {
        if let Some(draft) = renamed(old, &gone, &new) {
            rename(tx, &old.id, &draft.id, rekey, now)?;
            synced.renamed.push((old.id.clone(), draft.id.clone()));
        } else if !old.gone {
            tx.run("update people set gone_at = ?2 where id = ?1", params![old.id, now])?;
            let to_come = "select count(*) from meetings where person = ?1 and state = 'SCHEDULED' and starts_at > ?2";
            synced.left.push((old.id.clone(), tx.value(to_come, params![old.id, now])?));
        }
    }
    let is_back = |draft: &&PersonDraft| by_id.get(draft.id.as_str()).is_none_or(|before| before.gone);
    let back: Vec<&PersonDraft> = wanted.iter().filter(is_back).collect();
    for (draft, meetings) in back.iter().zip(away(tx, &back, now)?) {
        let (mut open, mut planned) = (Vec::new(), 0);
        for meeting in meetings {
            match meetings::plan_again(tx, meeting, now)? {
                Some(incident) => open.push(incident),
                None => planned += 1,
            }
        }
        if by_id.contains_key(draft.id.as_str()) || !open.is_empty() || planned > 0 {
            synced.back.push((draft.id.clone(), open, planned));
        }
    }
    let people: Vec<_> = wanted.iter().map(|draft| set![&draft.id, &draft.phone]).collect();
    tx.run_each(
        "insert into people(id, phone) select ?1, ?2 from {each} where true \
         on conflict(id) do update set phone = excluded.phone, gone_at = null",
        &people,
    )?;
    tx.run(
        "insert into people_list(id, fingerprint) values (1, ?1) on conflict(id) do update set fingerprint = ?1",
        params![fingerprint],
    )?;
    Ok(synced)
}

/// A person of the config before.
struct Known {
    id: String,
    phone: Address,
    gone: bool,
}

/// The new person who is this one, when the number says so without a doubt: it may be shared.
fn renamed<'d>(old: &Known, gone: &[&Known], new: &[&'d PersonDraft]) -> Option<&'d PersonDraft> {
    let mut same = new.iter().filter(|draft| draft.phone == old.phone);
    let only = same.next().filter(|_| same.next().is_none())?;
    // Who left just now, rather than who left before.
    let rivals = gone.iter().filter(|other| other.phone == old.phone && (old.gone || !other.gone));
    (rivals.count() == 1).then_some(*only)
}

/// Everything that counts goes along: meetings with their check-ins, calls, pauses, calendars.
fn rename(tx: &dyn Tx, old: &str, new: &str, rekey: RekeyRule<'_>, now: Timestamp) -> TxResult<()> {
    // A meeting that the new id has already stays with the old one.
    tx.run(
        "update meetings set person = ?2 where person = ?1 and not exists(select 1 from meetings o \
           where o.person = ?2 and o.uid = meetings.uid and o.recurrence = meetings.recurrence)",
        params![old, new],
    )?;
    let of_new = "in (select id from meetings where person = ?2)";
    tx.run(&format!("update incidents set person = ?2 where person = ?1 and meeting_id {of_new}"), params![old, new])?;
    tx.run(
        &format!("update call_tracker set person = ?2 where person = ?1 and meeting_id {of_new}"),
        params![old, new],
    )?;
    tx.run(
        "update attempts set person = ?2 where person = ?1 and id in (select x.attempt_id from attempt_steps x \
           join incidents i on i.id = x.incident_id join meetings m on m.id = i.meeting_id where m.person = ?2)",
        params![old, new],
    )?;
    let counted = "update attempts set person = ?2 where person = ?1 and intent_at > ?3";
    tx.run(counted, params![old, new, now.minus(COUNTED)])?;
    tx.run(
        "update pauses set person = ?2 where person = ?1 and ended_at is null and not exists(select 1 from pauses o \
           where o.person = ?2 and o.ended_at is null)",
        params![old, new],
    )?;
    tx.run("update acts set person = ?2 where person = ?1", params![old, new])?;
    for (was, is) in rekey(old, new) {
        tx.run(
            "update calendars set key = ?3, person = ?2 where key = ?1 and not exists(select 1 from calendars o \
               where o.key = ?3)",
            params![was, new, is],
        )?;
    }
    tx.run("delete from people where id = ?1", params![old])?;
    Ok(())
}

/// What was cancelled since these people had left the config, as far as its start is ahead: it is to be as it was.
fn away(tx: &dyn Tx, people: &[&PersonDraft], now: Timestamp) -> TxResult<Vec<Vec<MeetingId>>> {
    let sql = "select {place}, m.id from {each}, meetings m \
           join incidents i on i.meeting_id = m.id and i.generation = m.generation \
         where m.person = ?1 and m.starts_at > ?2 and m.state = 'SCHEDULED' \
           and i.state = 'CANCELLED' and i.reason = ?3 order by m.starts_at, m.id";
    let sets: Vec<_> = people.iter().map(|draft| set![&draft.id, &now, &Reason::PersonRemoved]).collect();
    Ok(tx.by_place(sql, &sets, |r| r.get(1))?)
}
