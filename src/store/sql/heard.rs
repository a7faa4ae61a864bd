//! What people said: used once, in the same transaction as what it does.

use super::acts::Act;
use super::incidents;
use super::tx::{Tx, TxResult};
use super::value::{Value, params};
use crate::model::{
    AckHow, ActHow, ActKind, Address, Answer, AttemptId, Heard, HeardEffect, HeardHow, IncidentId, MESSAGE_CUT, Named,
    Phone, Timestamp, Told, Waiting, cut, printable, tag,
};
use crate::store::{Acknowledgement, CheckIn, HearRule, HeardOutcome};
use std::time::Duration;

/// Answers whose incidents are gone are kept this long: nothing that old is asked for again.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// What was sent longer ago needs no answer any more.
const LOOKED_BACK: Duration = Duration::from_secs(24 * 3600);

/// No incident is open for longer after the start of its meeting, unless ticks have stopped.
const OPEN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// Rows deleted in one tick, at most.
const BATCH: i64 = 200;

/// Open incidents whose person or contact was called or written to, earliest start first. An attempt that certainly reached
/// nobody does not count. What was sent for an incident whose end was taken back counts for the one that goes on.
pub(super) fn waiting(tx: &dyn Tx) -> TxResult<Vec<Waiting>> {
    // The cross joins make SQLite begin with open incidents instead of every call that was ever made.
    let sql = "select i.id, i.person, i.starts_at, case when a.taken_at < a.intent_at then a.taken_at else a.intent_at end, a.key, \
           case when a.call_status in ('queued','ringing','in-progress','completed') and a.kind = 'call' \
             and a.provider = 'twilio' and s.to_whom = '' then a.sid end, \
           case when a.kind in ('call','sms') and a.provider = 'twilio' then a.from_number end, \
           case when s.to_whom <> '' then a.to_number end \
         from incidents i cross join incidents p cross join attempt_steps x cross join attempts a \
           join steps s on s.id = x.step_id \
         where p.meeting_id = i.meeting_id and (p.id = i.id or p.reason = 'undone') \
           and x.incident_id = p.id and a.id = x.attempt_id and i.ended_at is null \
           and a.kind in ('call','sms','email') and a.state in ('ACCEPTED','UNKNOWN','ABANDONED') \
           and (s.to_whom = '' or (a.kind in ('call','sms') and a.provider = 'twilio')) \
         order by i.starts_at, i.id, s.to_whom, a.to_number, a.intent_at, a.id";
    let sent = tx.readable("something that was sent", sql, &[], |r| {
        let phone = |address: Option<Address>| address.and_then(|address| address.phone().cloned());
        let sent: Sent = (r.get(3)?, r.get(4)?, r.get(5)?, phone(r.get(6)?));
        Ok(((r.get(0)?, r.get(1)?, r.get(2)?, phone(r.get(7)?)), sent))
    })?;
    let mut waiting: Vec<Waiting> = Vec::new();
    for ((incident, person, starts_at, contact), (at, key, call, from)) in sent {
        if waiting.last().is_none_or(|w| (w.incident, &w.contact) != (incident, &contact)) {
            waiting.push(Waiting {
                incident,
                person,
                contact,
                starts_at,
                since: at,
                tags: vec![],
                calls: vec![],
                numbers: vec![],
            });
        }
        if let Some(last) = waiting.last_mut() {
            last.since = last.since.min(at);
            last.tags.push(tag(&key));
            last.calls.extend(call);
            last.numbers.extend(from.filter(|from| !last.numbers.contains(from)));
        }
    }
    Ok(waiting)
}

/// When it was sent, its key, its call unless nobody picked that up, and the number it was sent from.
type Sent = (Timestamp, String, Option<String>, Option<Phone>);

/// What was sent to the number of an answer in the last day, whether its incident is open or not, and the mails to the
/// number's owners for incidents that are open.
fn told(tx: &dyn Tx, heard: &Heard, now: Timestamp) -> TxResult<Vec<Told>> {
    const WHAT: &str = "select a.id, a.intent_at, a.taken_at, a.key, a.sid, coalesce(n.id, i.id), i.person, s.to_whom <> '', \
           n.id is not null or i.ended_at is null";
    const JOINS: &str = "join steps s on s.id = x.step_id left join incidents n on i.reason = 'undone' \
           and n.meeting_id = i.meeting_id and n.ended_at is null";
    let by_phone = format!(
        "{WHAT} from attempts a join attempt_steps x on x.attempt_id = a.id join incidents i on i.id = x.incident_id \
         {JOINS} where a.kind in ('call','sms') and a.to_number = ?1 and a.intent_at >= ?2 and a.provider = 'twilio' \
           and a.state in ('ACCEPTED','UNKNOWN','ABANDONED') order by a.id, i.starts_at, i.id"
    );
    let mails = format!(
        "{WHAT} from meetings m cross join incidents i cross join attempt_steps x cross join attempts a {JOINS} \
         where m.person = ?1 and m.starts_at >= ?2 and i.meeting_id = m.id and i.ended_at is null \
           and x.incident_id = i.id and a.id = x.attempt_id and a.kind = 'email' and s.to_whom = '' \
           and a.state in ('ACCEPTED','UNKNOWN','ABANDONED') order by a.id, i.starts_at, i.id"
    );
    let mut all = tellings(tx, &by_phone, params![heard.from.expose(), now.minus(LOOKED_BACK)], false)?;
    for owner in &heard.owners {
        all.extend(tellings(tx, &mails, params![owner, now.minus(OPEN_FOR)], true)?);
    }
    Ok(all)
}

fn tellings(tx: &dyn Tx, sql: &str, params: &[Value<'_>], is_mail: bool) -> TxResult<Vec<Told>> {
    let rows = tx.readable("something that was sent", sql, params, |r| {
        let key: String = r.get(3)?;
        let told =
            Told { named: Vec::new(), at: r.get(1)?, provider_at: r.get(2)?, tag: tag(&key), sid: r.get(4)?, is_mail };
        let named = Named { incident: r.get(5)?, person: r.get(6)?, to_contact: r.get(7)?, open: r.get(8)? };
        Ok((r.get::<AttemptId>(0)?, told, named))
    })?;
    let mut all: Vec<(AttemptId, Told)> = Vec::new();
    for (attempt, told, named) in rows {
        if all.last().is_none_or(|(last, _)| *last != attempt) {
            all.push((attempt, told));
        }
        if let Some((_, last)) = all.last_mut() {
            last.named.push(named);
        }
    }
    Ok(all.into_iter().map(|(_, told)| told).collect())
}

pub(super) fn is_known(tx: &dyn Tx, sid: &str) -> TxResult<bool> {
    let known = tx.optional("select 1 from heard where sid = ?1", params![sid], |_| Ok(()))?;
    Ok(known.is_some())
}

/// Deletes answers that are too old to be listed again and that no incident keeps.
pub(super) fn prune(tx: &dyn Tx, now: Timestamp) -> TxResult<()> {
    tx.run(
        "delete from heard where sid in (select sid from heard h where at < ?1 \
         and not exists (select 1 from heard_incidents where sid = h.sid) order by at limit ?2)",
        params![now.minus(KEPT), BATCH],
    )?;
    Ok(())
}

pub(super) fn hear(tx: &dyn Tx, heard: &Heard, now: Timestamp, rule: HearRule<'_>) -> TxResult<Option<HeardOutcome>> {
    if is_known(tx, &heard.sid)? {
        return Ok(None);
    }
    let Answer { effect, incidents, choices } = rule(heard, &told(tx, heard, now)?);
    tx.run(
        "insert into heard(sid, how, from_number, at, heard_at, message, effect) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            heard.sid,
            heard.how,
            heard.from.expose(),
            heard.at,
            now,
            cut(&printable(&heard.text), MESSAGE_CUT),
            effect
        ],
    )?;
    let mut outcome = HeardOutcome { effect, incidents: Vec::new(), hang_ups: 0, choices };
    let mut act = act(heard.how, effect, now);
    for incident in incidents {
        tx.run("insert into heard_incidents(sid, incident_id) values (?1, ?2)", params![heard.sid, incident])?;
        let (changed, hang_ups) = apply(tx, incident, heard, effect, now)?;
        outcome.hang_ups += hang_ups;
        if changed {
            act.iter_mut().try_for_each(|act| act.note_incident(tx, incident))?;
            outcome.incidents.push(incident);
        }
    }
    Ok(Some(outcome))
}

/// What the person does by these words, as an act that can be taken back.
const fn act(how: HeardHow, effect: HeardEffect, now: Timestamp) -> Option<Act> {
    let what = match effect {
        HeardEffect::Joined => ActKind::Joined,
        HeardEffect::Missed => ActKind::Missed,
        HeardEffect::Acknowledged => ActKind::Acknowledged,
        HeardEffect::NotUnderstood | HeardEffect::NeedsCode | HeardEffect::NothingOpen | HeardEffect::Noted => {
            return None;
        }
    };
    let how = match how {
        HeardHow::Message => ActHow::Message,
        HeardHow::Call => ActHow::Call,
        HeardHow::Key => ActHow::Key,
    };
    Some(Act::new(what, how, now))
}

/// What the words do to one incident: did anything change, and how many calls are to end?
fn apply(
    tx: &dyn Tx,
    incident: IncidentId,
    heard: &Heard,
    effect: HeardEffect,
    now: Timestamp,
) -> TxResult<(bool, u32)> {
    let how = match effect {
        HeardEffect::Joined => CheckIn::Joined,
        HeardEffect::Missed => CheckIn::Missed,
        HeardEffect::Acknowledged => {
            let ack = Acknowledgement { how: ack_how(heard.how), by: Address::Phone(heard.from.clone()) };
            return Ok((incidents::acknowledge(tx, incident, &ack, now)?, 0));
        }
        HeardEffect::NotUnderstood | HeardEffect::NeedsCode | HeardEffect::NothingOpen | HeardEffect::Noted => {
            return Ok((false, 0));
        }
    };
    let ended = incidents::check_in_to(tx, incident, how, now)?;
    Ok((ended.changed, ended.hang_ups))
}

const fn ack_how(how: HeardHow) -> AckHow {
    match how {
        HeardHow::Message => AckHow::Reply,
        HeardHow::Call => AckHow::CallBack,
        HeardHow::Key => AckHow::Key,
    }
}
