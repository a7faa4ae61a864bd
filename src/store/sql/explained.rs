//! Texts that explain what an answer did, or ask which meeting it is for: at most one for each incident, for ever.

use super::claims::{NewAttempt, insert_one};
use super::pace::{self, Taken};
use super::tx::{Tx, TxResult, one_row};
use super::value::params;
use super::{candidates, steps};
use crate::model::{IncidentId, MeetingId, MeetingWords, Reason, RungKind, Timestamp};
use crate::store::{AttemptDraft, Begun, TextRule, Verdict};

/// Reads the facts, asks the guards, and writes the attempt with the incidents that it spends.
pub(super) fn begin(
    tx: &dyn Tx,
    incidents: &[IncidentId],
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: TextRule<'_>,
) -> TxResult<Begun> {
    let about = incidents.iter().map(|incident| about(tx, *incident)).collect::<TxResult<Vec<_>>>()?;
    let mut sent = 0;
    for About { incident, meeting, person, .. } in &about {
        if tx.value("select exists(select 1 from explained where incident_id = ?1)", params![incident])? {
            return Ok(Begun::Gone);
        }
        sent = sent.max(messages(tx, person, *meeting, draft)?);
    }
    let facts = candidates::without_step(tx, draft)?;
    match rule(&facts, sent) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => return Ok(Begun::Refused(steps::result_without_step(draft, &refusal))),
        Verdict::Place if facts.number.open_attempt => return Ok(Begun::Waits(Reason::NumberBusy)),
        Verdict::Place => {}
    }
    // It comes from the number that the person has answered to.
    let first = incidents.first().copied();
    let (from, next_slot, other_senders) = match pace::take(tx, (None, first), draft)? {
        Taken::Slot { from, next, others } => (from, next, others),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let words: Vec<MeetingWords> = about.iter().map(|about| about.words.clone()).collect();
    let new = NewAttempt {
        step: None,
        steps: vec![],
        message: (draft.say)(&words),
        // What it says holds beyond the start, and so it has none.
        words: vec![],
        from,
        guards: Some((draft.saw)(&facts)),
        next_slot,
        other_senders,
    };
    let attempt = insert_one(tx, new, draft, now)?;
    for (place, About { incident, meeting, person, .. }) in about.iter().enumerate() {
        if incidents[..place].contains(incident) {
            continue;
        }
        let spend = "insert into explained(incident_id, attempt_id) values (?1, ?2) on conflict do nothing";
        one_row(tx.run(spend, params![incident, attempt.id])?, "explain an answer")?;
        tx.run(
            "insert into call_tracker(attempt_id, meeting_id, person, at) values (?1, ?2, ?3, ?4) on conflict do nothing",
            params![attempt.id, meeting, person, now],
        )?;
    }
    Ok(Begun::Attempt(attempt))
}

/// What a text says of one incident.
struct About {
    incident: IncidentId,
    meeting: MeetingId,
    person: String,
    words: MeetingWords,
}

fn about(tx: &dyn Tx, incident: IncidentId) -> TxResult<About> {
    let sql = "select m.id, i.person, m.uid, m.title, i.starts_at, m.link \
               from incidents i join meetings m on m.id = i.meeting_id where i.id = ?1";
    Ok(tx.row(sql, params![incident], |r| {
        let words = MeetingWords { uid: r.get(2)?, title: r.get(3)?, starts_at: r.get(4)?, link: r.get(5)? };
        Ok(About { incident, meeting: r.get(0)?, person: r.get(1)?, words })
    })?)
}

/// How many messages a meeting had lately.
fn messages(tx: &dyn Tx, person: &str, meeting: MeetingId, draft: &AttemptDraft<'_>) -> TxResult<u32> {
    let sql = format!(
        "select count(*) from call_tracker t join attempts a on a.id = t.attempt_id \
         where t.person = ?1 and t.meeting_id = ?2 and t.at > ?3 and a.kind = ?4 and {}",
        candidates::same_kind("a.provider", "?5")
    );
    Ok(tx.value(&sql, params![person, meeting, draft.calls_since, RungKind::Sms, draft.provider])?)
}
