//! What the provider had taken and could not bring to its target: a refusal that comes late.
//!
//! Its attempt stays counted, and the phone stays busy for the gap. But as after a refusal at once the next rung of
//! another kind is due, unless the meeting has started, and where the target itself is refused, the later rungs of this
//! kind to it end.

use super::steps;
use super::tx::{Tx, TxResult};
use super::value::params;
use crate::model::{AttemptId, RejectionClass, RungKind, StepId, Timestamp, printable};
use crate::store::{LateEnd, LateEnds};

/// The attempt has just ended so, for a reason of this class. Nobody misses it whose incident a person has ended, or
/// who has answered since it was made.
pub(super) fn ended(tx: &dyn Tx, id: AttemptId, class: Option<RejectionClass>, now: Timestamp) -> TxResult<LateEnds> {
    let mut late = LateEnds::default();
    for (mut end, is_ahead) in missed(tx, id, now)? {
        if class == Some(RejectionClass::Callee) {
            late.left_out.extend(steps::leave_out_target(tx, id, end.incident, now)?);
        }
        if is_ahead {
            end.next = next_of_another_kind_now(tx, &end, now)?;
        }
        late.ends.push(end);
    }
    Ok(late)
}

/// The steps of the attempt that somebody misses, each with whether its meeting is still to come. A step that was tried
/// again since does not depend on it.
fn missed(tx: &dyn Tx, id: AttemptId, now: Timestamp) -> TxResult<Vec<(LateEnd, bool)>> {
    let sql = "select s.id, s.incident_id, s.kind, m.uid, i.person, m.title, a.sid, a.kind, a.to_number, a.call_status, \
                 a.error_code, i.ended_at is null and s.starts_at > ?2 \
               from attempt_steps x join attempts a on a.id = x.attempt_id join steps s on s.id = x.step_id \
                 join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
               where x.attempt_id = ?1 and s.state = 'EXECUTED' \
                 and not exists (select 1 from attempt_steps y where y.step_id = s.id and y.attempt_id > x.attempt_id) \
                 and (i.ended_at is null and coalesce(i.acknowledged_at < a.intent_at, true) \
                   or i.state = 'MISSED' and i.reason = 'no_check_in') \
               order by s.id";
    Ok(tx.rows(sql, params![id, now], |r| {
        let end = LateEnd {
            step: r.get(0)?,
            incident: r.get(1)?,
            kind: r.get(2)?,
            event: printable(&r.get::<String>(3)?),
            person: r.get(4)?,
            title: printable(&r.get::<String>(5)?),
            call_id: r.get(6)?,
            to: r.target(7)?.masked(),
            call_status: r.get(9)?,
            error_code: r.get(10)?,
            next: None,
        };
        Ok((end, r.get(11)?))
    })?)
}

/// The next rung of the incident before the start is due now: neither a call, which has its own time, nor of the kind
/// that has just failed. `None`: there is none, or it was due before.
fn next_of_another_kind_now(tx: &dyn Tx, end: &LateEnd, now: Timestamp) -> TxResult<Option<RungKind>> {
    let next: Option<(StepId, RungKind, Timestamp)> = tx.optional(
        "select id, kind, due_at from steps where state = 'PENDING' and kind <> 'call' and kind <> ?2 and before_ms > 0 \
         and incident_id = ?1 order by id limit 1",
        params![end.incident, end.kind],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
    )?;
    let Some((step, kind, _)) = next.filter(|(.., due_at)| *due_at > now) else { return Ok(None) };
    steps::due_now(tx, step, now)?;
    Ok(Some(kind))
}
